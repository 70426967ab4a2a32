// SPDX-License-Identifier: Apache-2.0

import { label, rankOf } from "../judge.js";
import type { Built, Neighbours } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { expectedExecution } from "../model/order.js";
import type { Part } from "../part.js";
import type { Parts } from "../parts.js";
import type { Meeting, Traffic } from "../traffic.js";
import type { OtherList } from "./other-lists.js";

const TCX_NEXT = 0xffffffff;

/** What a packet passes before and after the chain's list, in its order. */
export interface Neighbourhood {
	before: readonly OtherList[];
	after: readonly OtherList[];
	/**
	 * Whether a packet goes on behind the chain after what the whole of it said; unless given,
	 * after TCX_NEXT.
	 */
	passes?(verdict: number): boolean;
}

/**
 * Puts a program on each of the other lists and looks when packets meet it: those before the chain
 * always, those behind it (of tcx) when the chain's last word was to go on.
 *
 * @param build the chain of these members
 * @returns undefined where the kernel has none of the other lists
 */
export async function meetNeighbours(
	{ chain, parts, traffic }: { chain: DeclaredChain; parts: Parts; traffic: Traffic },
	{ before, after, passes }: Neighbourhood,
	build: (members: readonly Part[]) => Promise<Built>,
): Promise<Neighbours | undefined> {
	const takeAway: (() => Promise<void>)[] = [];
	const standing = new Map<Part, string>();
	const put = async ({ name, hook, verdict, attach }: OtherList) => {
		const { held, part } = await parts.get({ member: chain.members[0]!, program: { verdict, hook } });
		const detach = await attach(held);
		if (!detach) return [];
		takeAway.push(detach);
		standing.set(part, name);
		return [name];
	};
	const putAll = async (lists: readonly OtherList[]) => {
		const names: string[] = [];
		for (const list of lists) names.push(...(await put(list)));
		return names;
	};
	try {
		const [first, last] = [await putAll(before), await putAll(after)];
		if (takeAway.length === 0) return undefined;
		const built = await build(chain.members.map((member) => ({ member, program: "first" })));
		takeAway.push(() => built.close());
		const nameOf = ({ part }: Meeting) => standing.get(part) ?? label(part);
		const words = (await traffic.sample()).map(({ what, met, verdict }) => {
			const members = met.filter(({ part }) => part.program === "first");
			const word = verdict ?? lastWord(chain, members);
			const goesOn = passes ? passes(word) : word === TCX_NEXT;
			const behind = goesOn ? last : [];
			const told = (names: string[]) => `${what}: ${names.join(", ")}`;
			return {
				expected: told([...first, ...members.map(nameOf), ...behind]),
				found: told(met.map(nameOf)),
			};
		});
		return {
			promise: `packets meet ${[...first, chain.mechanism, ...last].join(", then ")}`,
			expected: words.map(({ expected }) => expected).join("; "),
			found: words.map(({ found }) => found).join("; "),
		};
	} finally {
		for (const detach of takeAway.reverse()) await detach();
	}
}

/** What the kernel makes of what the members said. */
function lastWord({ mechanism }: DeclaredChain, members: readonly Meeting[]): number {
	const verdicts = new Map(members.map(({ part, verdict }) => [part, verdict ?? 0]));
	return expectedExecution(mechanism, [...verdicts.keys()], rankOf, (part) => verdicts.get(part)!).verdict;
}
