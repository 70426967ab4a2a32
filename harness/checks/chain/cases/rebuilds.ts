// SPDX-License-Identifier: Apache-2.0
import { Random } from "../../../data/packet/random.js";
import type { Finding } from "../../../lab/check.js";
import { passed } from "../../../lab/findings.js";
import {
	type ChainUnderTest,
	listedName,
	namesOf,
	observe,
	oneCase,
	orderFinding,
	unreached,
	withAttached,
} from "../chain-case.js";
import type { AttachedChain } from "../mechanism.js";

/** Up to this many members every order is tried; for more, a sample, smaller for long chains. */
const permuted = 5;
const mostSampled = 120;
const fewestSampled = 20;
const attachments = 1200;

/** The chain in the reverse order, then brought to the declared one. */
export async function* reorderings(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, attachPoint, members } = subject;
	if (members.length < 2) return;
	yield await oneCase(chain, "reorder", () =>
		withAttached(attachPoint, members.toReversed(), async (attached) => {
			const before = (await attached.configured()).map(listedName);
			await attached.reorder(members);
			const when = "after it was brought from the reverse order to the declared one";
			return orderFinding(subject, when, await observe(subject, attached, members), { before });
		}),
	);
}

export async function* rebuild(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, attachPoint, members } = subject;
	const once = () => withAttached(attachPoint, members, (attached) => observe(subject, attached, members));
	yield await oneCase(chain, "rebuild", async () => {
		const [first, second] = [await once(), await once()];
		const differences = [...first.differences, ...second.differences];
		if (first.configured.join("\n") !== second.configured.join("\n"))
			differences.push(`first it was ${namesOf(first.configured)}, then ${namesOf(second.configured)}`);
		const consequences = [...first.consequences, ...second.consequences];
		return orderFinding(subject, "built twice", { ...second, differences, consequences });
	});
}

/** Members attached in every order, each at its position. */
export async function* attachOrders(subject: ChainUnderTest): AsyncIterable<Finding> {
	const { chain, attachPoint, members } = subject;
	if (members.length < 2) return;
	const orders = attachingOrders(members.length);
	yield await oneCase(chain, "attach-orders", async () => {
		const consequences: string[] = [];
		for (const order of orders) {
			const see = (attached: AttachedChain) => observe(subject, attached, members);
			const seen = await withAttached(attachPoint, members, see, order);
			consequences.push(...seen.consequences);
			if (seen.differences.length === 0) continue;
			const attaching = order.map((index) => members[index]!.member.label).join(", ");
			return orderFinding(subject, `attached in the order ${attaching}`, seen, { attaching });
		}
		const evidence = { orders: orders.length };
		return unreached(subject, consequences, evidence) ?? passed(evidence);
	});
}

/** All orders of few members; for many a seeded sample, always the same. */
export function attachingOrders(count: number): number[][] {
	const whole = [...Array(count).keys()];
	if (count <= permuted) return allOrders(whole);
	const sampled = Math.min(mostSampled, Math.max(fewestSampled, Math.floor(attachments / count)));
	const orders = new Map<string, number[]>();
	const random = new Random(count);
	while (orders.size < sampled) {
		const order = random.shuffled(whole);
		orders.set(order.join(), order);
	}
	return [...orders.values()];
}

function allOrders(items: readonly number[]): number[][] {
	if (items.length <= 1) return [[...items]];
	return items.flatMap((item) =>
		allOrders(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
	);
}
