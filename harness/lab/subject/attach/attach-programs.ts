// SPDX-License-Identifier: Apache-2.0

import { linkTypes } from "../../../base/bpf.js";
import { E2BIG, EAGAIN, errnoName } from "../../../base/errno.js";
import type { Reason } from "../../../base/results.js";
import { binaryProblem } from "../../../data/package/elf/binary.js";
import { functionsOf } from "../../../data/package/elf/binary-functions.js";
import { similarFunctions } from "../../../data/package/elf/similar-functions.js";
import type { PackageObject } from "../../../data/package/package.js";
import { explainAttach } from "../../../data/reasons/explain.js";
import { reasonSaying } from "../../../data/reasons/registry/registry.js";
import type { Lack } from "../../../machine/features/missing.js";
import { type GuestClient, GuestError } from "../../../machine/guest/client.js";
import type { Result } from "../../../machine/guest/operations.js";
import type { Finding, Workbench } from "../../check.js";
import { lackReason } from "../../findings.js";
import type { LoadedObject } from "../load/load-object.js";
import { type AttachPoint, AttachPoints, NoAttachPoint } from "./attach-points.js";
import type { Attachable, Unattachable } from "./attachables.js";
import { informed } from "./kernel-facts.js";
import { tail } from "./log-tail.js";
import { similarSymbols } from "./similar-symbols.js";
import { type UserAttachment, userAttachment } from "./user-target.js";

/** Attaches and detaches each in turn. @param begin gets the next, undefined after the last */
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
	result: LoadedObject,
	points: AttachPoints,
	bench: Workbench,
): Promise<Finding> {
	const absent = notLoaded(object, attachable, result);
	if (absent) return absent;
	const { name, caseName, target } = attachable;
	const base = { case: `attach/${caseName}` };
	const identity = { object: object.file, hook: target.hook };
	const { client } = await bench.guest();
	const user = attachable.kind === "program" ? userAttachment(object, name) : undefined;
	const wrong = user && binaryProblem(user.file.bytes, bench.kernel.arch);
	if (wrong) {
		const words = `program ${name} could not be attached to ${user.name}: ${user.file.path} ${wrong}`;
		const reason = reasonSaying("attach-binary-invalid", words);
		return { ...base, outcome: "fail", reason, evidence: { ...identity, target: user.name } };
	}
	let point: AttachPoint = { where: {}, name: user?.name ?? "" };
	try {
		if (!user) point = await points.point(target);
		const attached = await attachAndDetach(client, result.handle ?? 0, attachable, point);
		const { id, type, info_errno, iteration } = attached;
		const evidence = {
			...identity,
			...(point.name ? { target: point.name } : {}),
			...(id === undefined ? {} : { link_id: id }),
			...(type === undefined ? {} : { link_type: linkTypes.name(type) }),
			...(info_errno === 0 ? {} : { refused_to_agent: `BPF_OBJ_GET_INFO_BY_FD: ${errnoName(info_errno)}` }),
			...(iteration === undefined ? {} : { iteration_bytes: iteration.data.length }),
		};
		const unread = iteration && unreadIterator(name, iteration.errno);
		if (unread) return { ...base, outcome: "fail", reason: unread, evidence };
		return { ...base, outcome: "pass", evidence };
	} catch (error) {
		if (error instanceof NoAttachPoint) {
			const { reason, outcome } = withoutPoint(name, target.hook, error.lack);
			return { ...base, outcome, reason, evidence: { ...identity, state: error.lack.state } };
		}
		if (!(error instanceof GuestError)) throw error;
		const { reason, facts } = await explainFailure(object, attachable, { point, user }, error, bench);
		return {
			...base,
			outcome: "fail",
			reason,
			evidence: { ...identity, what: error.what, ...facts, libbpf_log: tail(error.log) },
		};
	}
}

/** The finding on what cannot be attached because it did not load; undefined when it did. */
export function notLoaded(
	object: PackageObject,
	attachable: Attachable,
	result: Loaded,
): Finding | undefined {
	const reason = unloaded(object, attachable, result);
	const evidence = { object: object.file, hook: attachable.target.hook };
	return reason && { case: `attach/${attachable.caseName}`, outcome: "skip", reason, evidence };
}

/** Why reading the iterator once failed. */
function unreadIterator(name: string, errno: number): Reason | undefined {
	if (errno === 0) return undefined;
	const why =
		errno === EAGAIN
			? "it asks for the same element again and again (its program answers 1)"
			: errno === E2BIG
				? "its program writes more of one element than the kernel's buffer takes"
				: "the kernel refused";
	const words = `iterator ${name} was attached, but could not be read: ${why} (${errnoName(errno)})`;
	return reasonSaying("iterator-unreadable", words);
}

type Loaded = Pick<LoadedObject, "loaded" | "refused"> & { handle?: number | undefined };

/** Why there is nothing to attach: it, or a member of the map, did not load. */
function unloaded(
	object: PackageObject,
	{ kind, name, caseName }: Pick<Attachable, "kind" | "name" | "caseName">,
	{ handle, loaded, refused }: Loaded,
): Reason | undefined {
	if (handle === undefined || (kind === "program" && !loaded.has(name))) {
		const hint = kind === "program" ? `see program/${caseName}` : "see the other cases of its object";
		return reasonSaying("not-loaded", `${name} was not attached, because it did not load`, hint);
	}
	const missing = object.maps
		.find((map) => map.name === name)
		?.programs?.find((member) => refused.has(member));
	if (kind === "program" || missing === undefined) return undefined;
	return reasonSaying(
		"not-loaded",
		`${name} was not attached, because ${missing} did not load`,
		`see program/${missing}`,
	);
}

/**
 * A kernel that has no such hook cannot run the program: the package fails there, as it does when
 * the kernel refuses the attachment. A module that only the guest lacks says nothing about it.
 */
function withoutPoint(name: string, hook: string, lack: Lack): Required<Pick<Finding, "outcome" | "reason">> {
	if (lack.state === "module-absent")
		return { outcome: "skip", reason: lackReason(lack, `${name} loads, but was not attached: `) };
	const code = lack.state === "disabled" ? "config-disabled" : "attach-unsupported";
	const words = `program ${name} could not be attached to ${hook}: ${lack.message}`;
	return { outcome: "fail", reason: reasonSaying(code, words, lack.hint) };
}

/** The finding on a program that the guest has nothing to attach to. */
export function notAttached(
	object: PackageObject,
	{ name, caseName, section, why }: Unattachable,
	result: Loaded,
): Finding {
	const words = `program ${name} (${section}) loads, but was not attached: ${why.none}`;
	const absent = unloaded(object, { kind: "program", name, caseName }, result);
	return {
		case: `attach/${caseName}`,
		outcome: "skip",
		reason: absent ?? reasonSaying("not-attached", words, why.hint),
		evidence: { object: object.file, section },
	};
}

/** Attaches and detaches it by the client that loaded the object. @throws GuestError of either */
export function attachAndDetach(
	client: GuestClient,
	object: number,
	{ kind, name, target }: Attachable,
	{ where }: AttachPoint,
): Promise<Result<"attach_once">> {
	const { hook, symbol, tracepoint, binary, probe } = target;
	return client.call("attach_once", {
		object,
		[kind]: name,
		hook,
		...where,
		...(symbol === undefined ? {} : { symbol }),
		...(tracepoint === undefined ? {} : { tracepoint }),
		...(binary === undefined ? {} : { binary }),
		...(probe === undefined ? {} : { probe }),
	});
}

async function explainFailure(
	object: PackageObject,
	{ name, target }: Attachable,
	{ point, user }: { point: AttachPoint; user: UserAttachment | undefined },
	error: GuestError,
	bench: Workbench,
) {
	const program = object.programs.find((candidate) => candidate.name === name);
	const symbol = target.symbol ?? /^\??k(?:ret)?probe\/([^+]+)/.exec(program?.section ?? "")?.[1];
	const missing =
		symbol !== undefined && !user && (error.errnoName === "ENOENT" || error.errnoName === "ESRCH");
	const similar =
		user?.kind === "function"
			? similarFunctions(functionsOf(user.file.bytes), user.place)
			: missing
				? await similarSymbols((await bench.guest()).client, symbol)
				: [];
	return informed(bench, (kernel) =>
		explainAttach({
			...kernel,
			program: {
				name,
				section: program?.section ?? "struct_ops",
				type: program?.meaning?.type ?? "struct_ops",
				attach_type: program?.meaning?.attachType,
			},
			hook: target.hook,
			...(point.name ? { target: point.name } : {}),
			...(user ? { user: { path: user.file.path, place: user.place, kind: user.kind } } : {}),
			errno: error.errno,
			what: error.what,
			similar,
			libbpfLog: error.log,
		}),
	);
}
