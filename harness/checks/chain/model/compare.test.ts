// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { Random } from "../../../data/packet/random.js";
import { configuredDifferences, executedDifferences } from "./compare.js";

const list = (text: string) => text.split(" ").filter((name) => name !== "");
const told = (differences: { message: string }[]) => differences.map(({ message }) => message);

describe("configured orders", () => {
	it.each([
		["a b c", "a b c", []],
		[
			"a b c",
			"a c b",
			["c should stand at place 3 and stands at place 2", "b should stand at place 2 and stands at place 3"],
		],
		["a b c d e", "e a b c d", ["e should stand at place 5 and stands at place 1"]],
		["a b c d e", "b c d e a", ["a should stand at place 1 and stands at place 5"]],
		["a b c", "a c", ["b should stand at place 2 and is not on the hook"]],
		["a b", "a x b", ["x stands at place 2 and is no member of the chain"]],
		["a b", "a b a", ["a should stand at place 1 alone and stands at place 1 and at place 3"]],
		[
			"a b c",
			"x c b",
			[
				"x stands at place 1 and is no member of the chain",
				"a should stand at place 1 and is not on the hook",
				"c should stand at place 3 and stands at place 2",
				"b should stand at place 2 and stands at place 3",
			],
		],
		["a", "", ["a should stand at place 1 and is not on the hook"]],
	])("%j and %j", (declared, configured, sentences) => {
		expect(told(configuredDifferences(list(declared), list(configured)))).toEqual(sentences);
	});

	it("have member, places and kind as facts", () => {
		expect(configuredDifferences(["a", "b"], ["b"])).toEqual([
			expect.objectContaining({ kind: "missing", member: "a", expected: 1 }),
		]);
		expect(configuredDifferences(["a", "b"], ["b", "a"])[0]).toMatchObject({
			kind: "moved",
			member: "b",
			expected: 2,
			found: 1,
		});
	});
});

describe("executed orders", () => {
	const met = (text: string) =>
		list(text).map((step) => {
			const [member = "", verdict] = step.split("=");
			return verdict === undefined ? { member } : { member, verdict };
		});
	it.each([
		["a=XDP_PASS b=XDP_DROP", "a=XDP_PASS b=XDP_DROP", []],
		[
			"a=XDP_PASS b=XDP_DROP",
			"a=XDP_PASS b=XDP_DROP c=XDP_PASS",
			["c ran at place 3, though b (XDP_DROP) at place 2 should have ended the chain"],
		],
		[
			"a=XDP_PASS b=XDP_PASS c=XDP_PASS",
			"a=XDP_DROP",
			[
				"b should run at place 2 and never ran: the last that the packet met was a (XDP_DROP)",
				"c should run at place 3 and never ran: the last that the packet met was a (XDP_DROP)",
			],
		],
		[
			"a b",
			"",
			[
				"a should run at place 1 and never ran: the packet met no member at all",
				"b should run at place 2 and never ran: the packet met no member at all",
			],
		],
		[
			"a b c",
			"b a c",
			["b should run at place 2 and ran at place 1", "a should run at place 1 and ran at place 2"],
		],
		["a b", "a a b", ["a should run once, at place 1, and ran at place 1 and again at place 2"]],
		["a b", "a x b", ["x ran at place 2 and is no member of the chain"]],
	])("%j and %j", (expected, found, sentences) => {
		expect(told(executedDifferences(met(expected), met(found), ["a", "b", "c"]))).toEqual(sentences);
	});
});

describe("whatever the orders", () => {
	const random = new Random(11);
	const samples = Array.from({ length: 300 }, () => {
		const declared = Array.from({ length: 1 + random.below(9) }, (_, index) => `m${index}`);
		return { declared, permuted: random.shuffled(declared) };
	});

	it("nothing differs exactly when they are the same", () => {
		for (const { declared, permuted } of samples) {
			const same = declared.every((member, index) => permuted[index] === member);
			expect(configuredDifferences(declared, permuted).length === 0).toBe(same);
			expect(configuredDifferences(declared, declared)).toEqual([]);
		}
	});

	it("those that are not named stand in their order, and each place is the true one", () => {
		for (const { declared, permuted } of samples) {
			const differences = configuredDifferences(declared, permuted);
			const named = new Set(differences.map(({ member }) => member));
			const rest = (order: string[]) => order.filter((member) => !named.has(member));
			expect(rest(permuted)).toEqual(rest(declared));
			for (const { member, expected, found } of differences) {
				expect(declared[expected! - 1]).toBe(member);
				expect(permuted[found! - 1]).toBe(member);
			}
		}
	});

	it("one member taken out is the only one that is named, and so is one put elsewhere", () => {
		for (const { declared } of samples) {
			const at = random.below(declared.length);
			const member = declared[at]!;
			const without = declared.filter((other) => other !== member);
			expect(configuredDifferences(declared, without).map((one) => one.member)).toEqual([member]);
			const to = random.below(declared.length);
			if (Math.abs(to - at) < 2) continue;
			const elsewhere = without.toSpliced(to, 0, member);
			expect(configuredDifferences(declared, elsewhere).map((one) => one.member)).toEqual([member]);
		}
	});
});
