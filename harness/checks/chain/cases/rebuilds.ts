// SPDX-License-Identifier: Apache-2.0
import { Random } from "../../../data/packet/random.js";
import type { Finding } from "../../../lab/check.js";
import { list, look, promised, type Scene, shown, tried, withBuilt } from "../scene.js";

/**
 * All orders of so many members are tried; of more, as many orders as of these, and fewer of long
 * chains, which take long to build.
 */
const permuted = 5;
const mostSampled = 120;
const fewestSampled = 20;
const attachments = 1200;

/** The chain turned round, and then brought to the declared order. */
export async function* reorderings(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	if (members.length < 2) return;
	const name = `${chain.name}/reorder`;
	yield await tried(chain, name, () =>
		withBuilt(stage, members.toReversed(), async (built) => {
			const before = (await built.configured()).map(shown);
			await built.reorder(members);
			const finding = promised(
				name,
				"after it was brought from the reverse order to the declared one",
				await look(scene, built, members),
			);
			return { ...finding, evidence: { ...finding.evidence, before } };
		}),
	);
}

/** Built, taken down and built again: the same chain. */
export async function* twice(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	const name = `${chain.name}/twice`;
	yield await tried(chain, name, async () => {
		const once = await withBuilt(stage, members, (built) => look(scene, built, members));
		const again = await withBuilt(stage, members, (built) => look(scene, built, members));
		if (once.configured.join("\n") !== again.configured.join("\n"))
			again.differences.push(`first it was ${list(once.configured)}, then ${list(again.configured)}`);
		again.differences.unshift(...once.differences);
		return promised(name, "built twice", again);
	});
}

/** Members attached in every order, each at its place. */
export async function* permutations(scene: Scene): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	if (members.length < 2) return;
	const name = `${chain.name}/permutations`;
	const orders = attachingOrders(members.length);
	yield await tried(chain, name, async () => {
		for (const attaching of orders) {
			const seen = await withBuilt(stage, members, (built) => look(scene, built, members), attaching);
			if (seen.differences.length === 0) continue;
			const names = attaching.map((index) => members[index]!.member.label).join(", ");
			const finding = promised(name, `attached as ${names}`, seen);
			return { ...finding, evidence: { ...finding.evidence, attaching: names } };
		}
		return { case: name, outcome: "pass", evidence: { orders: orders.length } };
	});
}

/** All orders of few; of many the first ones to come of rotations and swaps, always the same. */
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
