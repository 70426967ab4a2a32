// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../../base/errno.js";
import { reason } from "../../../data/reasons/registry/registry.js";
import type { Finding, FindingBody } from "../../../lab/check.js";
import { failed, passed } from "../../../lab/findings.js";
import { type ChainUnderTest, oneCase, unreached, withAttached } from "../chain-case.js";
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
	const { attachPoint, members } = subject;
	const traces = await withAttached(attachPoint, members, () => attachPoint.traffic.sample());
	const targets = targetsOf(subject, traces);
	for (const target of targets.slice(0, -1)) {
		const finding = await replacedOne(subject, flow, target);
		if (finding) return finding;
	}
	return (await replacedOne(subject, flow, targets.at(-1)!, true))!;
}

/** A member to replace, and packets that were seen to reach it. */
interface Target {
	entry: ChainEntry;
	/** Index of the packet or call in what `sample` returns. */
	kind: number;
	what: string;
}

/**
 * The member in the middle of the chain and those before it, as far as packets reach them; each
 * with the packet that reached it and went furthest. The last one is met by every packet.
 */
function targetsOf({ mechanism, members }: ChainUnderTest, traces: readonly PacketTrace[]): Target[] {
	const order = kernelOrder(mechanism.name, members);
	const upToMiddle = order.slice(0, Math.floor(order.length / 2) + 1);
	const repeatable = traces
		.map(({ once, what, met }, kind) => ({ once, what, met, kind }))
		.filter(({ once }) => !once)
		.sort((a, b) => b.met.length - a.met.length);
	const [furthest] = repeatable;
	if (!furthest) throw new Error("no packet or call of the hook can be repeated");
	const reached = upToMiddle.reverse().flatMap((entry): Target[] => {
		const by = repeatable.find(({ met }) => met.some((each) => each.entry.member === entry.member));
		return by ? [{ entry, kind: by.kind, what: by.what }] : [];
	});
	return reached.length > 0 ? reached : [{ ...furthest, entry: order[0]! }];
}

/**
 * @param last no other member can be tried
 * @returns undefined where packets reached the member only while one of its programs was in place:
 * a member before it ended the chain for the others
 */
async function replacedOne(
	subject: ChainUnderTest,
	flow: NonNullable<Traffic["flow"]>,
	{ entry, kind, what }: Target,
	last = false,
): Promise<FindingBody | undefined> {
	const { chain, mechanism, attachPoint, members } = subject;
	const second: ChainEntry = { ...entry, program: "second" };
	const times = mechanism.replacesInTwoSteps ? slowRounds : rounds;
	const { found, inSteps } = await withAttached(attachPoint, members, async (attached) => {
		// Both are loaded and recorded before the first packet.
		await attached.replace(entry, second);
		await attached.replace(second, entry);
		const there = attached.replacement(entry, second);
		const during = [...there, ...attached.replacement(second, entry)];
		const found = await flow(kind, packets, during, times);
		if (!attached.stepwiseReplacement) return { found };
		const steps = [
			...(await attached.stepwiseReplacement(entry, second)),
			...(await attached.stepwiseReplacement(second, entry)),
		];
		return { found, inSteps: await flow(kind, packets, steps, stepRounds) };
	});
	const account = accountOf(subject, entry, found);
	const stepwise = inSteps && accountOf(subject, entry, inSteps);
	if (!last && [account, ...(stepwise ? [stepwise] : [])].some(isSilent)) return undefined;
	const atomic = mechanism.replacesAtomically?.(chain) ?? true;
	const evidence = {
		...{ replaced: label(entry), packet: what, atomic, ...account },
		...(stepwise ? { in_steps: stepwise } : {}),
	};
	const wrong = wrongOf(account, atomic) ?? (stepwise && wrongOf(stepwise, false));
	if (wrong !== undefined) {
		const facts = { member: label(entry), times, packets: found.packets, wrong };
		return failed(reason("chain-window", facts), evidence);
	}
	return unreached(subject, [...account.stopped, ...(stepwise?.stopped ?? [])], evidence) ?? passed(evidence);
}

/** Whether too few packets reached the member to say anything of its replacement. */
const isSilent = ({ packets, reached, second, refused }: Account) =>
	refused.length === 0 && reached < packets && (second === 0 || second === reached);

interface Account {
	packets: number;
	/** Met every member that they should have met, and no other program. */
	whole: number;
	/** Met only a part of the chain. */
	half: number;
	/** Of packets that a stopper ended, which `executed` reports: what is missing, once each. */
	stopped: string[];
	/** Never came to the hook, as the device counts. */
	dropped: number;
	/** Met no member at all. */
	unaccounted: number;
	/** Met the replaced member, whichever of its programs. */
	reached: number;
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

function accountOf(
	{ chain, members, mechanism, stoppers }: ChainUnderTest,
	replaced: ChainEntry,
	flow: Flow,
): Account {
	const order = kernelOrder(mechanism.name, members);
	const judged = new Map<string, { difference: string | undefined; stopped: boolean }>();
	const stopped = new Set<string>();
	let [whole, half, reached, second, both] = [0, 0, 0, 0, 0];
	const kinds = new Map<string, { first: number; count: number }>();
	for (const [number, all] of flow.met) {
		if (all.some(({ entry }) => entry.member === replaced.member)) reached++;
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
			const { differences, stoppedBy } = judge(chain, order, trace);
			const known = stoppedBy !== undefined && (stoppers?.has(stoppedBy) ?? false);
			judged.set(key, { difference: differences[0], stopped: known });
		}
		const { difference, stopped: known } = judged.get(key)!;
		if (difference === undefined) whole++;
		else if (known) stopped.add(difference);
		else {
			half++;
			const kind = kinds.get(difference);
			if (kind) kind.count++;
			else kinds.set(difference, { first: number, count: 1 });
		}
	}
	if (flow.met.size === 0 && stoppers?.has("")) stopped.add("no packet met a member");
	const refused = flow.operations.filter(({ errno }) => errno !== 0).map(({ errno }) => errnoName(errno));
	const examples = [...kinds]
		.slice(0, 5)
		.map(([difference, { first, count }]) => `packet ${first} (${count} like it): ${difference}`);
	const { packets: sent, dropped = 0, unaccounted } = flow;
	return {
		...{ packets: sent, whole, half, stopped: [...stopped] },
		...{ dropped, unaccounted, reached, second, both },
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
	if (account.reached === 0 && account.stopped.length > 0) return undefined;
	if (account.second === 0) return "no packet met the replacement";
	if (account.second === account.reached)
		return "every packet met the replacement, although it was put back each time";
	if (!atomic) return undefined;
	if (account.half > 0) return `${account.half} packets met a half-changed chain: ${account.examples[0]}`;
	if (account.unaccounted > 0)
		return `${account.unaccounted} packets met no member and are not accounted for`;
	return undefined;
}
