// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { chainMechanisms } from "../../../data/package/sections/chain-hooks.js";
import { Random } from "../../../data/packet/random.js";
import { configuredOrder, expectedExecution, type Rank } from "./chain-order.js";

const rank = (name: string, more: Partial<Rank> = {}): Rank => ({
	name,
	priority: 0,
	proceed: undefined,
	cgroup: "",
	preorder: false,
	...more,
});
const self = (member: Rank) => member;
const names = (members: readonly Rank[]) => members.map(({ name }) => name).join(" ");

describe("the configured order", () => {
	const ranked = [rank("c", { priority: 5 }), rank("a", { priority: 7 }), rank("b", { priority: 5 })];
	it.each([
		["tail_call", "c b a"],
		["dispatcher", "b c a"],
		["tc", "b c a"],
		["tcx", "c a b"],
		["netkit", "c a b"],
		["cgroup", "c a b"],
	] as const)("of %s is %s", (mechanism, order) => {
		expect(names(configuredOrder(mechanism, ranked, self))).toBe(order);
	});

	it("of one tc pref puts the newest filter first", () => {
		const filters = ["first", "second", "third"].map((name) => rank(name, { priority: 1 }));
		expect(names(configuredOrder("tc", filters, self))).toBe("third second first");
	});

	it("of the dispatcher compares names byte by byte where run_prio is equal", () => {
		const programs = ["b", "B", "_", "a1", "a"].map((name) => rank(name));
		expect(names(configuredOrder("dispatcher", programs, self))).toBe("B _ a a1 b");
	});

	it("of cgroups: PREORDER from the root down, then the others from the process up, each level as attached", () => {
		const members = [
			rank("root"),
			rank("root-pre", { preorder: true }),
			rank("child", { cgroup: "pod" }),
			rank("leaf-pre", { cgroup: "pod/task", preorder: true }),
			rank("leaf", { cgroup: "pod/task" }),
			rank("child-pre-1", { cgroup: "pod", preorder: true }),
			rank("child-pre-2", { cgroup: "pod", preorder: true }),
			rank("leaf-2", { cgroup: "pod/task" }),
		];
		expect(names(configuredOrder("cgroup", members, self))).toBe(
			"root-pre child-pre-1 child-pre-2 leaf-pre leaf leaf-2 child root",
		);
	});
});

describe("what a packet meets", () => {
	const meets = (
		mechanism: Parameters<typeof expectedExecution>[0],
		verdicts: number[],
		proceed: number[] = [],
	) => {
		const members = verdicts.map((_, index) => rank(`m${index + 1}`, { proceed: new Set(proceed) }));
		const run = expectedExecution(mechanism, members, self, (member) => verdicts[members.indexOf(member)]!);
		return [run.steps.length, run.endedBy?.name, run.verdict | 0];
	};
	it.each<[Parameters<typeof meets>, [number, string | undefined, number]]>([
		[
			["tcx", [-1, -1, -1]],
			[3, undefined, -1],
		],
		[
			["tcx", [-1, 0, -1]],
			[2, "m2", 0],
		],
		[
			["tcx", [2, -1]],
			[1, "m1", 2],
		],
		// TC_ACT_PIPE ends tcx, and the kernel goes on to clsact as after TCX_NEXT.
		[
			["tcx", [3, -1]],
			[1, "m1", -1],
		],
		[
			["tc", [-1, 0, 2]],
			[2, "m2", 0],
		],
		[
			["tc", [3, 1, 5, 6, 2]],
			[5, "m5", 2],
		],
		[
			["tc", [3]],
			[1, undefined, -1],
		],
		[
			["netkit", [-1, -1]],
			[2, undefined, 0],
		],
		[
			["netkit", [-1, 7, -1]],
			[2, "m2", 7],
		],
		[
			["netkit", [9, -1]],
			[1, "m1", 2],
		],
		[
			["dispatcher", [2, 2, 2], [2]],
			[3, undefined, 2],
		],
		[
			["dispatcher", [2, 1, 2], [2]],
			[2, "m2", 1],
		],
		[
			["dispatcher", [1, 1], [1, 2]],
			[2, undefined, 2],
		],
		[
			["dispatcher", [34, 2], [2]],
			[2, undefined, 2],
		],
		[
			["tail_call", [2, 1, 2], [2]],
			[2, "m2", 1],
		],
		[
			["tail_call", [2, 2], [2]],
			[2, undefined, 2],
		],
		[
			["cgroup", [1, 0, 1]],
			[3, undefined, 0],
		],
		[
			["cgroup", [1, 3, 1]],
			[3, undefined, 1],
		],
		[
			["cgroup", [2, 1]],
			[2, undefined, 0],
		],
		[
			["cgroup", []],
			[0, undefined, 1],
		],
	])("%j: %j", (chain, wanted) => {
		expect(meets(...chain)).toEqual(wanted);
	});
});

describe("for any members", () => {
	const random = new Random(5);
	const pick = <T>(items: readonly T[]) => random.pick(items);
	const chains = Array.from({ length: 200 }, () =>
		Array.from({ length: 1 + random.below(8) }, (_, index) =>
			rank(`p${index}`, {
				priority: random.below(4),
				proceed: new Set([pick([0, 1, 2]), 2]),
				cgroup: pick(["", "a", "a/b"]),
				preorder: random.chance(30),
			}),
		),
	);

	it.each(chainMechanisms)("%s has each of them once", (mechanism) => {
		for (const chain of chains) {
			const order = configuredOrder(mechanism, chain, self);
			expect(new Set(order)).toEqual(new Set(chain));
			expect(order).toHaveLength(chain.length);
		}
	});

	it("members with different priorities have one order, whatever the order of attachment", () => {
		for (const chain of chains) {
			const distinct = chain.map((member, index) => ({ ...member, priority: index * 3 }));
			for (const mechanism of ["tail_call", "dispatcher", "tc"] as const)
				expect(configuredOrder(mechanism, random.shuffled(distinct), self)).toEqual(distinct);
		}
	});

	it.each(chainMechanisms)(
		"a packet meets a prefix of %s, all of it unless a member ends it",
		(mechanism) => {
			for (const chain of chains) {
				const verdicts = new Map(chain.map((member) => [member, pick([-1, 0, 1, 2, 3, 7])]));
				const run = expectedExecution(mechanism, chain, self, (member) => verdicts.get(member)!);
				const met = run.steps.map(({ member }) => member);
				expect(met).toEqual(chain.slice(0, met.length));
				if (run.endedBy) expect(run.endedBy).toBe(met.at(-1));
				else expect(met).toHaveLength(chain.length);
				if (mechanism === "cgroup") expect(met).toHaveLength(chain.length);
			}
		},
	);
});
