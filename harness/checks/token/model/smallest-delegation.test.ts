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

	it("removes the likely grants that are not needed", async () => {
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

	it("tries each delegation once where only commands are too wide, as for most packages", async () => {
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

	it("finds grants that were not likely, among all", async () => {
		for (const likely of [none, delegationOf({ programs: ["xdp"], commands: ["prog_load"] })]) {
			const found = await smallestDelegation(likely, everything, async (delegation) => works(delegation));
			expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(needed);
			expect(found!.trials).toBeLessThan(100);
		}
	});

	it("tries only what may be granted, and returns undefined when that is not enough", async () => {
		const narrow = delegationOf({ commands: ["any"], maps: ["any"] });
		expect(await smallestDelegation(none, narrow, async (delegation) => works(delegation))).toBeUndefined();
	});

	it("returns one of several answers where a loader takes another way with fewer grants", async () => {
		// With cgroup_sock the loader probes further, and needs attach type xdp; without, zero is
		// enough.
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

	it("may return an empty delegation", async () => {
		const found = await smallestDelegation(everything, everything, async () => true);
		expect(grantsOf(found!.delegation)).toEqual([]);
	});
});

describe("the search for missing grants", () => {
	const needed = ["map_create", "prog_load", "ringbuf", "xdp"];
	const works = async (delegation: Delegation) => covers(delegation, ...needed);
	const declared = delegationOf({ commands: ["map_create"], maps: ["ringbuf"], capabilities: ["cap_bpf"] });
	const likely = delegationOf({ commands: ["prog_load", "btf_load"], programs: ["xdp", "kprobe"] });

	it.each([likely, none])("adds only those, with a likely delegation and without", async (believed) => {
		const missing = await smallestAddition(declared, believed, everything, works);
		expect(missing?.map(({ name }) => name).sort()).toEqual(["prog_load", "xdp"]);
	});

	it("returns undefined when no grant helps", async () => {
		expect(await smallestAddition(declared, likely, likely, async () => false)).toBeUndefined();
		expect(await smallestAddition(everything, likely, everything, works)).toBeUndefined();
	});
});
