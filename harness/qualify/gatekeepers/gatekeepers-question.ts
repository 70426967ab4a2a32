// SPDX-License-Identifier: Apache-2.0
import {
	activeLsms,
	type GatekeeperAnswer,
	type GatekeeperSite,
	GatekeeperUnsupported,
	gatekeeperLack,
} from "../../checks/signature/gatekeeper/admission.js";
import {
	type GatekeeperKind,
	type GatekeeperName,
	gatekeepers,
	kindOf,
	staysInGuest,
} from "../../checks/signature/gatekeeper/artifacts.js";
import { GatekeeperRefused } from "../../checks/signature/gatekeeper/gatekeeper.js";
import { standInPackage } from "../../checks/signature/stand-in.js";
import type { Workbench } from "../../lab/check.js";
import type { KernelQuestion } from "../../lab/kernel-question.js";
import type { KernelPromise } from "../../lab/promise.js";
import type { Guest } from "../../machine/vm/guest.js";
import { attacksOnDeny } from "./attacks-on-deny.js";
import { attacksOnLoader } from "./attacks-on-loader.js";
import { attacksOnSignature } from "./attacks-on-signature.js";
import { type GatekeeperPromise, promisesOf } from "./gatekeeper-promises.js";

/** Does a BPF LSM program that requires signatures do so on this kernel, and what gets past it? */
export const gatekeepersQuestion: KernelQuestion = gatekeepersQuestionOf({});

export interface GatekeeperQuestionOptions {
	/** Default: all. */
	which?: readonly GatekeeperName[];
	/** Folder with their objects; default: what `ci/setup` builds. */
	folder?: string;
}

/** The question about some of the gatekeepers, or about changed copies of them. */
export function gatekeepersQuestionOf({
	which: chosen = gatekeepers,
	folder,
}: GatekeeperQuestionOptions): KernelQuestion {
	return {
		area: "gatekeepers",
		summary: "does a gatekeeper keep unsigned programs out, and what gets past it?",
		version: 1,
		names: () =>
			chosen.flatMap((gatekeeper) =>
				[...promisesOf(gatekeeper).keys()].map((each) => `${gatekeeper}/${each}`),
			),
		async *run(bench) {
			for (const gatekeeper of chosen) yield* answers(gatekeeper, bench, folder);
		},
	};
}

async function* answers(
	name: GatekeeperName,
	bench: Workbench,
	folder: string | undefined,
): AsyncIterable<KernelPromise> {
	const open = promisesOf(name);
	const rest = function* (answer: Partial<KernelPromise>): Iterable<KernelPromise> {
		for (const [each, promise] of open) yield { ...unanswered(name, each, promise), ...answer };
	};
	const lack = await gatekeeperLack(name, bench);
	if (lack) {
		yield* rest({ lack: lack.reason.message, evidence: lack.evidence });
		return;
	}
	const guest = await bench.guest();
	const inactive = await inactiveLsm(guest);
	const pkg = await standInPackage(guest.kernel.arch);
	try {
		for await (const answer of attacks[kindOf(name)]({ guest, name, pkg, ...(folder ? { folder } : {}) })) {
			const promise = open.get(answer.case);
			if (!promise) throw new Error(`gatekeeper ${name} has no case ${answer.case}`);
			open.delete(answer.case);
			yield promiseOf(name, promise, answer, inactive);
		}
		if (staysInGuest(name)) await bench.spoil();
		else yield* leftBehind(name, await bench.leftovers());
	} catch (cause) {
		if (cause instanceof GatekeeperUnsupported) yield* rest({ lack: `gatekeeper ${name}: ${cause.message}` });
		else if (cause instanceof GatekeeperRefused)
			yield* rest({ kept: false, seen: `the kernel refuses the gatekeeper: ${cause.message}` });
		else throw cause;
		await bench.spoil();
	}
}

/** Why no gatekeeper of this kernel is ever called, after a colon; empty where they are. */
async function inactiveLsm({ client }: Guest): Promise<string> {
	const active = await activeLsms(client);
	return active.split(",").includes("bpf")
		? ""
		: `: the kernel was booted without the BPF LSM (active: ${active})`;
}

/** A broken promise when something of a gatekeeper that was unloaded is still in the kernel. */
function* leftBehind(name: GatekeeperName, left: readonly string[]): Iterable<KernelPromise> {
	if (left.length === 0) return;
	const promise = `gatekeeper ${name} can be unloaded`;
	const seen = left.slice(0, 5).join(", ");
	yield { name: `${name}/leftovers`, promise, expected: "nothing left", seen, kept: false, evidence: {} };
}

const attacks: Record<GatekeeperKind, (site: GatekeeperSite) => AsyncIterable<GatekeeperAnswer>> = {
	signature: attacksOnSignature,
	deny: attacksOnDeny,
	loader: attacksOnLoader,
};

const expected = { true: "it does", false: "not promised" };

function unanswered(
	name: GatekeeperName,
	each: string,
	{ does, promised }: GatekeeperPromise & { promised: boolean },
): KernelPromise {
	return {
		name: `${name}/${each}`,
		promise: `gatekeeper ${name} ${does}`,
		expected: expected[`${promised}`],
		seen: "not tried",
		evidence: {},
	};
}

function promiseOf(
	name: GatekeeperName,
	promise: GatekeeperPromise & { promised: boolean },
	{ case: each, holds, impossible, evidence }: GatekeeperAnswer,
	inactive: string,
): KernelPromise {
	const asked = { ...unanswered(name, each, promise), evidence };
	if (impossible !== undefined) return { ...asked, lack: impossible };
	const seen = holds ? "it does" : `it does not${inactive}`;
	const { promised, gap } = promise;
	return {
		...asked,
		seen,
		kept: holds || !promised,
		...(holds || promised || gap === undefined ? {} : { weakness: gap }),
	};
}
