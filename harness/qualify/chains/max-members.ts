// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { allDone } from "../../checks/chain/mechanism.js";
import type { KernelPromise } from "../../lab/promise.js";

/** What happens to one program too many: refused, attached and never run, or run. */
export type Beyond = "refused" | "not-run" | "run";

/** Programs on one hook: how many were attached, and how many of them a packet met. */
export interface MemberLimit {
	most: number;
	beyond: Beyond;
	/** Of `most`. */
	attached: number;
	met: number;
	/** The kernel's answer to one more, an errno; 0 when it attached it. */
	errno: number;
	/** How many a packet met when one more was attached. */
	metWithOneMore?: number;
}

/** A hook on which programs of bpfgate's own are attached until no more are accepted. */
export interface LimitTrial {
	/** Attaches so many more: an errno for each. */
	attach(count: number): Promise<number[]>;
	/** How many of the attached programs a packet meets. */
	met(): Promise<number>;
	close(): Promise<void>;
}

/** Attaches as many programs as the mechanism allows, and one more. Closes the trial. */
export async function memberLimit(
	{ most, beyond }: Pick<MemberLimit, "most" | "beyond">,
	trial: LimitTrial,
): Promise<MemberLimit> {
	try {
		const errnos = await trial.attach(most);
		const limit = { most, beyond, attached: errnos.filter((errno) => errno === 0).length };
		const met = await trial.met();
		const refusal = errnos.find((errno) => errno !== 0);
		if (refusal !== undefined) return { ...limit, met, errno: refusal };
		const [errno = 0] = await trial.attach(1);
		return { ...limit, met, errno, ...(errno === 0 ? { metWithOneMore: await trial.met() } : {}) };
	} finally {
		await trial.close();
	}
}

const oneMore = {
	refused: "one more is refused",
	"not-run": "one more never runs",
	run: "one more runs",
} satisfies Record<Beyond, string>;

/** A hook runs as many programs as its mechanism allows. @param found measured, or why not */
export function limitPromise(
	name: string,
	{ most, beyond }: Pick<MemberLimit, "most" | "beyond">,
	found: MemberLimit | { lack: string },
): KernelPromise {
	const base = {
		name,
		promise: `${most} programs can be attached and all run; ${oneMore[beyond]}`,
		expected: `${most} attached, ${most} run; ${oneMore[beyond]}`,
	};
	if ("lack" in found) return { ...base, seen: "not tried", lack: found.lack, evidence: {} };
	return { ...base, seen: seenOf(found), kept: isKept(found), evidence: { ...found } };
}

function seenOf({ attached, met, most, errno, metWithOneMore }: MemberLimit): string {
	const first = `${attached} attached, ${met} run`;
	if (attached < most) return `${first}; the next is refused (${errnoName(errno)})`;
	if (errno !== 0) return `${first}; ${oneMore.refused}`;
	if (metWithOneMore === most) return `${first}; ${oneMore["not-run"]}`;
	return `${first}; ${metWithOneMore === most + 1 ? oneMore.run : `with one more, ${metWithOneMore} run`}`;
}

/** A hook that refuses one more where others accept it is no weaker. */
function isKept({ most, beyond, attached, met, errno, metWithOneMore }: MemberLimit): boolean {
	if (attached < most || met < most) return false;
	if (errno !== 0) return true;
	if (beyond === "refused") return false;
	return beyond === "run" ? metWithOneMore === most + 1 : metWithOneMore! <= most;
}

/** Runs `attach` so many times at once; the agent does it in order. */
export function attachAtOnce(count: number, attach: () => Promise<number>): Promise<number[]> {
	return allDone(Array.from({ length: count }, attach));
}
