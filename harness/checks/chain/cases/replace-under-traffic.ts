// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../../base/errno.js";
import { reason } from "../../../data/reasons/registry/registry.js";
import type { Finding, FindingBody } from "../../../lab/check.js";
import { failed, passed } from "../../../lab/findings.js";
import { type ChainUnderTest, oneCase, withAttached } from "../chain-case.js";
import { type ChainEntry, label } from "../chain-entry.js";
import { judge, kernelOrder } from "../execution.js";
import type { Flow, PacketTrace, TracedEntry, Traffic } from "../packet-trace.js";

/** Packets that are sent while a member is replaced and put back `rounds` times. */
const packets = 10_000;
const rounds = 20;
/** Where a replacement is two steps of libxdp, which take some 50 ms together. */
const slowRounds = 2;
/** Of a replacement that is not atomic: enough packets to see what is between its steps. */
const stepRounds = 10;

/** A member replaced and put back under live traffic: every packet must meet a whole chain. */
export async function* replaceUnderTraffic(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { traffic } = subject.attachPoint;
	if (!traffic.flow) return;
	const flow = traffic.flow.bind(traffic);
	yield await oneCase(subject.chain, "replace-under-traffic", () => replacedUnder(subject, flow));
}

async function replacedUnder(
	subject: ChainUnderTest,
	flow: NonNullable<Traffic["flow"]>,
): Promise<FindingBody> {
	const { chain, mechanism, attachPoint, members } = subject;
	const entry = members[Math.floor(members.length / 2)]!;
	const second: ChainEntry = { ...entry, program: "second" };
	const times = mechanism.replacesInTwoSteps ? slowRounds : rounds;
	const { found, inSteps } = await withAttached(attachPoint, members, async (attached) => {
		// Both are loaded and recorded before the first packet.
		await attached.replace(entry, second);
		await attached.replace(second, entry);
		const there = attached.replacement(entry, second);
		const during = [...there, ...attached.replacement(second, entry)];
		const found = await flow(packets, during, times);
		if (!attached.stepwiseReplacement) return { found };
		const steps = [
			...(await attached.stepwiseReplacement(entry, second)),
			...(await attached.stepwiseReplacement(second, entry)),
		];
		return { found, inSteps: await flow(packets, steps, stepRounds) };
	});
	const account = accountOf(subject, found);
	const stepwise = inSteps && accountOf(subject, inSteps);
	const atomic = mechanism.replacesAtomically?.(chain) ?? true;
	const evidence = {
		...{ replaced: label(entry), atomic, ...account },
		...(stepwise ? { in_steps: stepwise } : {}),
	};
	const wrong = wrongOf(account, atomic) ?? (stepwise && wrongOf(stepwise, false));
	if (wrong === undefined) return passed(evidence);
	return failed(
		reason("chain-window", { member: label(entry), times, packets: found.packets, wrong }),
		evidence,
	);
}

interface Account {
	packets: number;
	/** Met every member that they should have met, and no other program. */
	whole: number;
	/** Met only a part of the chain. */
	half: number;
	/** Never came to the hook, as the device counts. */
	dropped: number;
	/** Met no member at all. */
	unaccounted: number;
	/** Met the replacement. */
	second: number;
	/** Met the old program first, then the replacement. */
	both: number;
	operations: number;
	/** errno by name, of operations that failed. */
	refused: string[];
	/** What packets of `half` met, one of each kind with their number. */
	examples: string[];
}

function accountOf({ chain, members, mechanism }: ChainUnderTest, flow: Flow): Account {
	const order = kernelOrder(mechanism.name, members);
	const judged = new Map<string, string | undefined>();
	let [whole, half, second, both] = [0, 0, 0, 0];
	const kinds = new Map<string, { first: number; count: number }>();
	for (const [number, all] of flow.met) {
		if (all.some(({ entry }) => entry.program === "second")) second++;
		const met = mechanism.replacesInTwoSteps ? all.filter((_, at) => !isOtherOfMember(all, at)) : all;
		if (met.length < all.length) both++;
		const verdict = flow.verdicts?.get(number);
		const key = `${met.map(keyOf).join(";")};${verdict}`;
		if (!judged.has(key)) {
			const trace: PacketTrace = {
				...{ what: "the packet", met },
				...(verdict === undefined ? {} : { verdict }),
			};
			judged.set(key, judge(chain, order, trace).differences[0]);
		}
		const difference = judged.get(key);
		if (difference === undefined) whole++;
		else {
			half++;
			const kind = kinds.get(difference);
			if (kind) kind.count++;
			else kinds.set(difference, { first: number, count: 1 });
		}
	}
	const refused = flow.operations.filter(({ errno }) => errno !== 0).map(({ errno }) => errnoName(errno));
	const examples = [...kinds]
		.slice(0, 5)
		.map(([difference, { first, count }]) => `packet ${first} (${count} like it): ${difference}`);
	const { packets: sent, dropped = 0, unaccounted } = flow;
	return {
		...{ packets: sent, whole, half, dropped, unaccounted, second, both },
		...{ operations: flow.operations.length, refused, examples },
	};
}

/** Whether what the packet met before this one is the other program of the same member. */
function isOtherOfMember(met: readonly TracedEntry[], at: number): boolean {
	const [before, { entry }] = [met[at - 1]?.entry, met[at]!];
	return before?.member === entry.member && before.program !== entry.program;
}

const keyOf = ({ entry, verdict }: TracedEntry) => `${label(entry)}=${verdict}`;

function wrongOf(account: Account, atomic: boolean): string | undefined {
	const [refusal] = account.refused;
	if (refusal !== undefined) return `the kernel refused ${account.refused.length} replacements (${refusal})`;
	if (account.second === 0) return "no packet met the replacement";
	if (account.second === account.packets)
		return "every packet met the replacement, although it was put back each time";
	if (!atomic) return undefined;
	if (account.half > 0) return `${account.half} packets met a half-changed chain: ${account.examples[0]}`;
	if (account.unaccounted > 0)
		return `${account.unaccounted} packets met no member and are not accounted for`;
	return undefined;
}
