// SPDX-License-Identifier: Apache-2.0

import { type ChainMechanism, chainHooks } from "../../data/package/sections/chain-hooks.js";
import { executedDifferences, type Met } from "./model/compare.js";
import type { DeclaredChain } from "./model/declared.js";
import { configuredOrder, expectedExecution, type Rank } from "./model/order.js";
import { verdictName } from "./model/proceed.js";
import type { Part } from "./part.js";
import type { Encounter, Meeting } from "./traffic.js";

/** Of tc, tcx and netkit alike. */
const TC_ACT_SHOT = 2;

/** What of a part decides where it stands. */
export function rankOf({ member }: Part): Rank {
	const { program, priority, proceed, cgroup, preorder } = member;
	return { name: program.name, priority, proceed, cgroup, preorder };
}

/** The order in which the kernel has parts that are put on the hook in this order. */
export function standing(mechanism: ChainMechanism, parts: readonly Part[]): Part[] {
	return configuredOrder(mechanism, parts, rankOf);
}

/** As tables and sentences name it. */
export function label({ member, program }: Part): string {
	return typeof program === "object" ? `bpfgate's own for ${member.label}` : member.label;
}

/** What a packet met and should have met, and each difference as a sentence. */
export interface Judgement {
	what: string;
	expected: Met[];
	found: Met[];
	differences: string[];
}

/**
 * Holds what one packet met against the order in which the parts should stand: each has its turn
 * until one has said what ends the chain. What the parts said is not judged; what comes after it
 * is.
 */
export function judge(chain: DeclaredChain, order: readonly Part[], encounter: Encounter): Judgement {
	const { what, met } = encounter;
	const { mechanism } = chain;
	const verdicts = verdictsOf(mechanism, encounter);
	const { steps } = expectedExecution(
		mechanism,
		order,
		rankOf,
		(part) => verdicts.get(label(part)) ?? goingOn(mechanism, part),
	);
	const expected = steps.map(({ member, verdict }) => told(chain, { part: member, verdict }));
	const found = met.map((meeting) => told(chain, meeting));
	const all = order.map(label);
	const differences = executedDifferences(expected, found, all).map(({ message }) => message);
	if (encounter.miscounted !== undefined) differences.push(encounter.miscounted);
	return { what, expected, found, differences };
}

/**
 * What each part said. Where it was recorded before it ran, it is known of the last one alone, by
 * what the chain returned; those before it went on, for another came after them.
 */
function verdictsOf(mechanism: ChainMechanism, { met, verdict }: Encounter): Map<string, number> {
	return new Map(
		met.map((meeting, index) => {
			const last = index === met.length - 1;
			const said = meeting.verdict ?? (last ? verdict : undefined);
			return [label(meeting.part), said ?? goingOn(mechanism, meeting.part)];
		}),
	);
}

/** A verdict after which the next has its turn. */
export function goingOn(mechanism: ChainMechanism, { member }: Part): number {
	const [proceed] = member.proceed ?? [];
	return proceed ?? (mechanism === "cgroup" ? 1 : -1);
}

/** A verdict after which nobody has a turn; undefined where there is none (cgroups run all). */
export function ending({ mechanism, hook }: DeclaredChain, { member }: Part): number | undefined {
	if (mechanism === "cgroup") return undefined;
	if (hook !== "xdp") return TC_ACT_SHOT;
	// XDP_DROP, XDP_TX, XDP_PASS: whichever the member's configuration does not let pass on.
	return [1, 3, 2].find((verdict) => !member.proceed?.has(verdict));
}

function told({ mechanism, hook }: DeclaredChain, { part, verdict }: Meeting): Met {
	const member = label(part);
	if (verdict === undefined) return { member };
	return { member, verdict: verdictName(mechanism, chainHooks[hook].programType, verdict) };
}
