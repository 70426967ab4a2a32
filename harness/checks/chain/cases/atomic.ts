// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../../base/errno.js";
import type { Finding } from "../../../lab/check.js";
import { judge, label, standing } from "../judge.js";
import type { Part } from "../part.js";
import { type Scene, tried, withBuilt } from "../scene.js";
import type { Encounter, Flow, Meeting, Traffic } from "../traffic.js";

/** Packets that are sent while a member is replaced and put back `rounds` times. */
const packets = 10_000;
const rounds = 20;
/** Where each of them is two steps of an orchestrator's, which take some 50 ms together. */
const slowRounds = 2;

/** Steps of an orchestrator that is not atomic: as many packets as to see what is between them. */
const stepRounds = 10;

/** A member replaced and put back under live traffic: every packet has to meet a whole chain. */
export async function* atomic(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage } = scene;
	const { traffic } = stage;
	if (!traffic.flow) return;
	const flow = traffic.flow.bind(traffic);
	const name = `${chain.name}/atomic`;
	yield await tried(chain, name, () => replacedUnder(name, scene, flow));
}

async function replacedUnder(
	name: string,
	scene: Scene,
	flow: NonNullable<Traffic["flow"]>,
): Promise<Finding> {
	const { chain, mechanism, stage, members } = scene;
	const part = members[Math.floor(members.length / 2)]!;
	const second: Part = { ...part, program: "second" };
	const times = mechanism.replacesThroughBoth ? slowRounds : rounds;
	const { found, inSteps } = await withBuilt(stage, members, async (built) => {
		// Both are loaded and recorded before the first packet.
		await built.replace(part, second);
		await built.replace(second, part);
		const there = built.replacing(part, second);
		const during = [...there, ...built.replacing(second, part)];
		const found = await flow(packets, during, times);
		if (!built.replacingInSteps) return { found };
		const steps = [
			...(await built.replacingInSteps(part, second)),
			...(await built.replacingInSteps(second, part)),
		];
		return { found, inSteps: await flow(packets, steps, stepRounds) };
	});
	const account = accountOf(scene, found);
	const stepwise = inSteps && accountOf(scene, inSteps);
	const promised = mechanism.replacesAtomically(chain);
	const evidence = {
		...{ replaced: label(part), atomic: promised, ...account },
		...(stepwise ? { in_steps: stepwise } : {}),
	};
	const wrong = wrongOf(account, promised) ?? (stepwise && wrongOf(stepwise, false));
	if (wrong === undefined) return { case: name, outcome: "pass", evidence };
	return {
		case: name,
		outcome: "fail",
		reason: {
			code: "chain-window",
			message: `while ${label(part)} was replaced and put back ${times} times under ${found.packets} packets, ${wrong}`,
			hint: "stop the traffic while the chain is changed, or change it by a mechanism that does so in one step",
		},
		evidence,
	};
}

interface Account {
	packets: number;
	/** Met every member that they should have met, and nobody else. */
	whole: number;
	/** Met some of a chain, as it never should be. */
	half: number;
	/** Never came to the hook, as the device tells. */
	dropped: number;
	/** Met no member at all. */
	unaccounted: number;
	/** Met the replacement. */
	second: number;
	/** Met first what was to be replaced, then the replacement. */
	both: number;
	operations: number;
	refused: string[];
	/** What packets of `half` met, one of each kind and how many there were. */
	examples: string[];
}

function accountOf({ chain, members, mechanism }: Scene, flow: Flow): Account {
	const order = standing(mechanism.name, members);
	const judged = new Map<string, string | undefined>();
	let [whole, half, second, both] = [0, 0, 0, 0];
	const kinds = new Map<string, { first: number; count: number }>();
	for (const [number, all] of flow.met) {
		if (all.some(({ part }) => part.program === "second")) second++;
		const met = mechanism.replacesThroughBoth ? all.filter((_, at) => !isBesideOther(all, at)) : all;
		if (met.length < all.length) both++;
		const verdict = flow.verdicts?.get(number);
		const key = `${met.map(keyOf).join(";")};${verdict}`;
		if (!judged.has(key)) {
			const encounter: Encounter = {
				...{ what: "the packet", met },
				...(verdict === undefined ? {} : { verdict }),
			};
			judged.set(key, judge(chain, order, encounter).differences[0]);
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
		.map(([difference, { first, count }]) => `packet ${first}, as ${count} in all: ${difference}`);
	const { packets: sent, dropped = 0, unaccounted } = flow;
	return {
		...{ packets: sent, whole, half, dropped, unaccounted, second, both },
		...{ operations: flow.operations.length, refused, examples },
	};
}

/** Whether what was met before this one is the same member's other program. */
function isBesideOther(met: readonly Meeting[], at: number): boolean {
	const [before, part] = [met[at - 1]?.part, met[at]!.part];
	return before?.member === part.member && before.program !== part.program;
}

const keyOf = ({ part, verdict }: Meeting) => `${label(part)}=${verdict}`;

function wrongOf(account: Account, promises: boolean): string | undefined {
	const [refusal] = account.refused;
	if (refusal !== undefined) return `the kernel refused ${account.refused.length} of them (${refusal})`;
	if (account.second === 0) return "no packet met the replacement";
	if (account.second === account.packets)
		return "every packet met the replacement, though it was put back each time";
	if (!promises) return undefined;
	if (account.half > 0) return `${account.half} packets met a half-changed chain: ${account.examples[0]}`;
	if (account.unaccounted > 0)
		return `${account.unaccounted} packets met no member and are not accounted for`;
	return undefined;
}
