// SPDX-License-Identifier: Apache-2.0

import { linkTypes } from "../../../base/bpf.js";
import { errnoName } from "../../../base/errno.js";
import type { AttachTarget } from "../../../data/package/manifest/manifest.js";
import type { PackageObject } from "../../../data/package/package.js";
import { explainAttach } from "../../../data/reasons/explain.js";
import { reasonSaying } from "../../../data/reasons/registry/registry.js";
import { type GuestClient, GuestError } from "../../../machine/guest/client.js";
import type { Result } from "../../../machine/guest/operations.js";
import type { Finding, Workbench } from "../../check.js";
import { lackReason } from "../../findings.js";
import type { LoadedObject } from "../load/load-object.js";
import { type AttachPoint, AttachPoints, NoAttachPoint } from "./attach-points.js";
import { informed } from "./kernel-facts.js";
import { tail } from "./log-tail.js";
import { similarSymbols } from "./similar-symbols.js";

/** A program or struct_ops map to attach, and where. */
export interface Attachable {
	kind: "program" | "map";
	/** In the object. */
	name: string;
	/** In the case. */
	caseName: string;
	target: AttachTarget;
}

/**
 * Attaches and detaches each in turn, at an attach point made for it.
 *
 * @param begin told which one is next, and undefined after the last
 */
export async function* attachAll(
	object: PackageObject,
	attachables: readonly Attachable[],
	result: LoadedObject,
	bench: Workbench,
	begin: (attachable: Attachable | undefined) => void,
): AsyncIterable<Finding> {
	const { client } = await bench.guest();
	const points = new AttachPoints(client, bench);
	for (const attachable of attachables) {
		begin(attachable);
		yield await attachOne(object, attachable, result, points, bench);
	}
	begin(undefined);
	await points.remove();
}

async function attachOne(
	object: PackageObject,
	attachable: Attachable,
	{ handle, loaded, refused }: LoadedObject,
	points: AttachPoints,
	bench: Workbench,
): Promise<Finding> {
	const { kind, name, caseName, target } = attachable;
	const base = { case: `attach/${caseName}` };
	const identity = { object: object.file, hook: target.hook };
	if (handle === undefined || (kind === "program" && !loaded.has(name))) {
		const hint = kind === "program" ? `see program/${caseName}` : "see the other cases of its object";
		const reason = reasonSaying("not-loaded", `${name} was not attached, because it did not load`, hint);
		return { ...base, outcome: "skip", reason, evidence: identity };
	}
	const missing = object.maps
		.find((map) => map.name === name)
		?.programs?.find((member) => refused.has(member));
	if (kind === "map" && missing !== undefined) {
		const hint = `see program/${missing}`;
		const reason = reasonSaying(
			"not-loaded",
			`${name} was not attached, because ${missing} did not load`,
			hint,
		);
		return { ...base, outcome: "skip", reason, evidence: identity };
	}
	const { client } = await bench.guest();
	let point: AttachPoint = { where: {}, name: "" };
	try {
		point = await points.point(target);
		const { id, type, info_errno } = await attachAndDetach(client, handle, attachable, point);
		const evidence = {
			...identity,
			...(point.name ? { target: point.name } : {}),
			...(id === undefined ? {} : { link_id: id }),
			...(type === undefined ? {} : { link_type: linkTypes.name(type) }),
			...(info_errno === 0 ? {} : { refused_to_agent: `BPF_OBJ_GET_INFO_BY_FD: ${errnoName(info_errno)}` }),
		};
		return { ...base, outcome: "pass", evidence };
	} catch (error) {
		if (error instanceof NoAttachPoint) {
			const reason = lackReason(error.lack, `${name} loads, but was not attached: `);
			return { ...base, outcome: "skip", reason, evidence: { ...identity, state: error.lack.state } };
		}
		if (!(error instanceof GuestError)) throw error;
		const { reason, facts } = await explainFailure(object, attachable, point, error, bench);
		return {
			...base,
			outcome: "fail",
			reason,
			evidence: { ...identity, what: error.what, ...facts, libbpf_log: tail(error.log) },
		};
	}
}

/** Attaches and detaches it by the client that loaded the object. @throws GuestError of either */
export function attachAndDetach(
	client: GuestClient,
	object: number,
	{ kind, name, target }: Attachable,
	{ where }: AttachPoint,
): Promise<Result<"attach_once">> {
	const { hook, symbol, tracepoint } = target;
	return client.call("attach_once", {
		object,
		[kind]: name,
		hook,
		...where,
		...(symbol === undefined ? {} : { symbol }),
		...(tracepoint === undefined ? {} : { tracepoint }),
	});
}

async function explainFailure(
	object: PackageObject,
	{ name, target }: Attachable,
	point: AttachPoint,
	error: GuestError,
	bench: Workbench,
) {
	const program = object.programs.find((candidate) => candidate.name === name);
	const symbol = target.symbol ?? /^\??k(?:ret)?probe\/([^+]+)/.exec(program?.section ?? "")?.[1];
	const missing = symbol !== undefined && (error.errnoName === "ENOENT" || error.errnoName === "ESRCH");
	const similar = missing ? await similarSymbols((await bench.guest()).client, symbol) : [];
	return informed(bench, (kernel) =>
		explainAttach({
			...kernel,
			program: {
				name,
				section: program?.section ?? "struct_ops",
				type: program?.meaning?.type ?? "struct_ops",
			},
			hook: target.hook,
			...(point.name ? { target: point.name } : {}),
			errno: error.errno,
			what: error.what,
			similar,
			libbpfLog: error.log,
		}),
	);
}
