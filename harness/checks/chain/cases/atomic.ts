// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../../uapi/errno.js";
import type { Finding } from "../../check.js";
import { judge, label, standing } from "../judge.js";
import type { Part } from "../mechanism.js";
import { type Scene, withBuilt } from "../scene.js";
import type { Encounter, Flow, Meeting } from "../traffic.js";

/** Packets that are sent while a member is replaced and put back `rounds` times. */
const packets = 10_000;
const rounds = 20;

/** One member after the other replaced under live traffic: every packet has to meet a whole chain. */
export async function* atomic(scene: Scene): AsyncIterable<Finding> {
	const { chain, mechanism, stage, members } = scene;
	const { traffic } = stage;
	if (!traffic.flow) return;
	const flow = traffic.flow.bind(traffic);
	const name = `${chain.name}/atomic`;
	const part = members[Math.floor(members.length / 2)]!;
	const second: Part = { ...part, program: "second" };
	const found = await withBuilt(stage, members, async (built) => {
		// Both are loaded and recorded before the first packet.
		await built.replace(part, second);
		await built.replace(second, part);
		const there = built.replacing(part, second);
		const during = [...there, ...built.replacing(second, part)];
		return flow(packets, during, rounds);
	});
	const account = accountOf(scene, found);
	const evidence = { replaced: label(part), atomic: mechanism.replacesAtomically, ...account };
	const wrong = wrongOf(account, mechanism.replacesAtomically);
	if (wrong === undefined) yield { case: name, outcome: "pass", evidence };
	else
		yield {
			case: name,
			outcome: "fail",
			reason: {
				code: "chain-window",
				message: `while ${label(part)} was replaced and put back ${rounds} times under ${found.packets} packets, ${wrong}`,
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
	/** Met no member at all. */
	unaccounted: number;
	/** Met the replacement. */
	second: number;
	operations: number;
	refused: string[];
	/** What the first packets of `half` met. */
	examples: string[];
}

function accountOf({ chain, members, mechanism }: Scene, flow: Flow): Account {
	const order = standing(mechanism.name, members);
	const judged = new Map<string, string | undefined>();
	let [whole, half, second] = [0, 0, 0];
	const examples: string[] = [];
	for (const [number, met] of flow.met) {
		if (met.some(({ part }) => part.program === "second")) second++;
		const key = met.map(keyOf).join(";");
		if (!judged.has(key)) {
			const encounter: Encounter = { what: "the packet", met };
			judged.set(key, judge(chain, order, encounter).differences[0]);
		}
		const difference = judged.get(key);
		if (difference === undefined) whole++;
		else {
			half++;
			if (examples.length < 5) examples.push(`packet ${number}: ${difference}`);
		}
	}
	const refused = flow.operations.filter(({ errno }) => errno !== 0).map(({ errno }) => errnoName(errno));
	const { packets: sent, unaccounted } = flow;
	return {
		...{ packets: sent, whole, half, unaccounted, second },
		...{ operations: flow.operations.length, refused, examples },
	};
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
