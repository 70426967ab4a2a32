// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { type Delegation, delegationOf, everything, grantsOf, without } from "./delegation.js";
import { smallestAddition, smallestDelegation } from "./smallest-delegation.js";

const none = delegationOf();
const covers = (delegation: Delegation, ...needed: string[]) =>
	needed.every((name) => grantsOf(delegation).some((grant) => grant.name === name));

async function provesItself(found: Delegation, works: (delegation: Delegation) => boolean): Promise<void> {
	expect(works(found)).toBe(true);
	for (const grant of grantsOf(found)) expect(works(without(found, grant))).toBe(false);
}

describe("the search for the smallest delegation", () => {
	const needed = ["map_create", "prog_load", "ringbuf", "kprobe", "cgroup_inet_ingress", "cap_bpf"];
	const works = (delegation: Delegation) => covers(delegation, ...needed);

	it("leaves out what is too much of what was believed", async () => {
		const likely = delegationOf({
			commands: ["map_create", "prog_load", "btf_load"],
			maps: ["array", "ringbuf"],
			programs: ["kprobe", "xdp"],
			attachments: ["cgroup_inet_ingress"],
			capabilities: ["cap_bpf", "cap_perfmon"],
		});
		const found = await smallestDelegation(likely, everything, async (delegation) => works(delegation));
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(needed);
		// All of it; each of ten left out; each of six once more.
		expect(found!.trials).toBeLessThanOrEqual(1 + 10 + 6);
		await provesItself(found!.delegation, works);
	});

	it("asks nothing twice where types alone are too much, as they are for most packages", async () => {
		const likely = delegationOf({
			commands: ["map_create", "prog_load", "btf_load"],
			maps: ["ringbuf"],
			programs: ["kprobe"],
			attachments: ["cgroup_inet_ingress"],
			capabilities: ["cap_bpf"],
		});
		const found = await smallestDelegation(likely, everything, async (delegation) => works(delegation));
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(needed);
		// All of it, and each of seven left out.
		expect(found!.trials).toBe(1 + 7);
		await provesItself(found!.delegation, works);
	});

	it("finds what nobody believed, among everything that there is", async () => {
		for (const likely of [none, delegationOf({ programs: ["xdp"], commands: ["prog_load"] })]) {
			const found = await smallestDelegation(likely, everything, async (delegation) => works(delegation));
			expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(needed);
			expect(found!.trials).toBeLessThan(100);
		}
	});

	it("looks for nothing that is not allowed, and says when that is not enough", async () => {
		const narrow = delegationOf({ commands: ["any"], maps: ["any"] });
		expect(await smallestDelegation(none, narrow, async (delegation) => works(delegation))).toBeUndefined();
	});

	it("ends with one of several answers when a loader makes do with less in another way", async () => {
		// With cgroup_sock it looks further, and then needs xdp's attach type; without it, the zero
		// one is enough.
		const either = (delegation: Delegation) =>
			covers(delegation, "prog_load") &&
			(covers(delegation, "cgroup_sock")
				? covers(delegation, "cgroup_inet_sock_create", "xdp")
				: covers(delegation, "cgroup_inet_ingress"));
		const likely = delegationOf({
			commands: ["prog_load"],
			programs: ["cgroup_sock"],
			attachments: ["cgroup_inet_ingress", "cgroup_inet_sock_create", "xdp"],
		});
		const asked: Delegation[] = [];
		const found = await smallestDelegation(likely, everything, async (delegation) => {
			asked.push(delegation);
			return either(delegation);
		});
		await provesItself(found!.delegation, either);
		for (const grant of grantsOf(found!.delegation))
			expect(asked).toContainEqual(without(found!.delegation, grant));
		expect(found!.trials).toBe(asked.length);
	});

	it("nothing at all may be enough", async () => {
		const found = await smallestDelegation(everything, everything, async () => true);
		expect(grantsOf(found!.delegation)).toEqual([]);
	});
});

describe("the search for what is missing", () => {
	const needed = ["map_create", "prog_load", "ringbuf", "xdp"];
	const works = async (delegation: Delegation) => covers(delegation, ...needed);
	const declared = delegationOf({ commands: ["map_create"], maps: ["ringbuf"], capabilities: ["cap_bpf"] });
	const likely = delegationOf({ commands: ["prog_load", "btf_load"], programs: ["xdp", "kprobe"] });

	it.each([likely, none])("adds nothing but that, whatever is believed", async (believed) => {
		const missing = await smallestAddition(declared, believed, everything, works);
		expect(missing?.map(({ name }) => name).sort()).toEqual(["prog_load", "xdp"]);
	});

	it("says when nothing would do", async () => {
		expect(await smallestAddition(declared, likely, likely, async () => false)).toBeUndefined();
		expect(await smallestAddition(everything, likely, everything, works)).toBeUndefined();
	});
});
