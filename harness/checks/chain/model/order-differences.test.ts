// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { Random } from "../../../data/packet/random.js";
import { configuredDifferences, executedDifferences } from "./order-differences.js";

const list = (text: string) => text.split(" ").filter((name) => name !== "");
const told = (differences: { message: string }[]) => differences.map(({ message }) => message);

describe("configured orders", () => {
	it.each([
		["a b c", "a b c", []],
		["a b c", "a c b", ["c: expected at position 3, found at 2", "b: expected at position 2, found at 3"]],
		["a b c d e", "e a b c d", ["e: expected at position 5, found at 1"]],
		["a b c d e", "b c d e a", ["a: expected at position 1, found at 5"]],
		["a b c", "a c", ["b: expected at position 2, not on the hook"]],
		["a b", "a x b", ["x at position 2 is not a member of the chain"]],
		["a b", "a b a", ["a: expected once at position 1, found at 1 and 3"]],
		[
			"a b c",
			"x c b",
			[
				"x at position 1 is not a member of the chain",
				"a: expected at position 1, not on the hook",
				"c: expected at position 3, found at 2",
				"b: expected at position 2, found at 3",
			],
		],
		["a", "", ["a: expected at position 1, not on the hook"]],
	])("%j and %j", (declared, configured, sentences) => {
		expect(told(configuredDifferences(list(declared), list(configured)))).toEqual(sentences);
	});

	it("have member, positions and kind as facts", () => {
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
			["c ran at position 3, although b (XDP_DROP) at position 2 should have ended the chain"],
		],
		[
			"a=XDP_PASS b=XDP_PASS c=XDP_PASS",
			"a=XDP_DROP",
			[
				"b: expected at position 2, never ran; the packet met a (XDP_DROP) last",
				"c: expected at position 3, never ran; the packet met a (XDP_DROP) last",
			],
		],
		[
			"a b",
			"",
			[
				"a: expected at position 1, never ran; the packet met no member",
				"b: expected at position 2, never ran; the packet met no member",
			],
		],
		["a b c", "b a c", ["b: expected at position 2, ran at 1", "a: expected at position 1, ran at 2"]],
		["a b", "a a b", ["a: expected once at position 1, ran at 1 and again at 2"]],
		["a b", "a x b", ["x ran at position 2 and is not a member of the chain"]],
	])("%j and %j", (expected, found, sentences) => {
		expect(told(executedDifferences(met(expected), met(found), ["a", "b", "c"]))).toEqual(sentences);
	});
});

describe("for any two orders", () => {
	const random = new Random(11);
	const samples = Array.from({ length: 300 }, () => {
		const declared = Array.from({ length: 1 + random.below(9) }, (_, index) => `m${index}`);
		return { declared, permuted: random.shuffled(declared) };
	});

	it("there are differences exactly when they are not equal", () => {
		for (const { declared, permuted } of samples) {
			const same = declared.every((member, index) => permuted[index] === member);
			expect(configuredDifferences(declared, permuted).length === 0).toBe(same);
			expect(configuredDifferences(declared, declared)).toEqual([]);
		}
	});

	it("members that are not named are in order, and every position is right", () => {
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

	it("a removed member, or a moved one, is the only one that is named", () => {
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
