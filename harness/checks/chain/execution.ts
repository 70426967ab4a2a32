// SPDX-License-Identifier: Apache-2.0

import { type ChainMechanism, chainHooks } from "../../data/package/sections/chain-hooks.js";
import { type ChainEntry, label } from "./chain-entry.js";
import { configuredOrder, expectedExecution, type Rank } from "./model/chain-order.js";
import type { DeclaredChain } from "./model/declared-chain.js";
import { executedDifferences, type Met } from "./model/order-differences.js";
import { verdictName } from "./model/proceed.js";
import type { PacketTrace, TracedEntry } from "./packet-trace.js";

/** Of tc, tcx and netkit alike. */
const TC_ACT_SHOT = 2;

/** What of an entry decides its position. */
function rankOf({ member }: ChainEntry): Rank {
	const { program, priority, proceed, cgroup, preorder } = member;
	return { name: program.name, priority, proceed, cgroup, preorder };
}

/** The order in which the kernel lists entries that are attached in this order. */
export function kernelOrder(mechanism: ChainMechanism, entries: readonly ChainEntry[]): ChainEntry[] {
	return configuredOrder(mechanism, entries, rankOf);
}

/** What a packet met and should have met, and each difference as a sentence. */
export interface Judgement {
	what: string;
	expected: Met[];
	found: Met[];
	differences: string[];
	/** Label of the last member met (empty: none), where only what follows is missing. */
	stoppedBy?: string;
}

/** Compares what a packet met with the kernel's order; what entries return is not judged. */
export function judge(chain: DeclaredChain, order: readonly ChainEntry[], trace: PacketTrace): Judgement {
	const { what, met } = trace;
	const { mechanism } = chain;
	const verdicts = verdictsOf(mechanism, trace);
	const { steps } = expectedExecution(
		mechanism,
		order,
		rankOf,
		(entry) => verdicts.get(label(entry)) ?? goingOn(mechanism, entry),
	);
	const expected = steps.map(({ member, verdict }) => named(chain, { entry: member, verdict }));
	const found = met.map((each) => named(chain, each));
	const differing = executedDifferences(expected, found, order.map(label));
	const differences = differing.map(({ message }) => message);
	if (trace.miscounted !== undefined)
		return { what, expected, found, differences: [...differences, trace.miscounted] };
	const stopped = differing.length > 0 && differing.every(({ kind }) => kind === "missing");
	const stoppedBy = stopped ? { stoppedBy: found.at(-1)?.member ?? "" } : {};
	return { what, expected, found, differences, ...stoppedBy };
}

/** What each entry returned; of slots only the last verdict is known, from the chain's own. */
function verdictsOf(mechanism: ChainMechanism, { met, verdict }: PacketTrace): Map<string, number> {
	return new Map(
		met.map((each, index) => {
			const last = index === met.length - 1;
			const returned = each.verdict ?? (last ? verdict : undefined);
			return [label(each.entry), returned ?? goingOn(mechanism, each.entry)];
		}),
	);
}

/** A verdict after which the next entry runs. */
function goingOn(mechanism: ChainMechanism, { member }: ChainEntry): number {
	const [proceed] = member.proceed ?? [];
	return proceed ?? (mechanism === "cgroup" ? 1 : -1);
}

/** A verdict after which no other entry runs; undefined where there is none (cgroups run all). */
export function ending({ mechanism, hook }: DeclaredChain, { member }: ChainEntry): number | undefined {
	if (mechanism === "cgroup") return undefined;
	if (hook !== "xdp") return TC_ACT_SHOT;
	// XDP_DROP, XDP_TX, XDP_PASS: the first that the member's configuration does not let go on.
	return [1, 3, 2].find((verdict) => !member.proceed?.has(verdict));
}

function named({ mechanism, hook }: DeclaredChain, { entry, verdict }: TracedEntry): Met {
	const member = label(entry);
	if (verdict === undefined) return { member };
	return { member, verdict: verdictName(mechanism, chainHooks[hook].programType, verdict) };
}
