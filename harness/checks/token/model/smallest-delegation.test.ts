// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { type Delegation, delegationOf, everything, grantsOf, without } from "./delegation.js";
import { type Part, smallestAddition, smallestDelegation } from "./smallest-delegation.js";

const none = delegationOf();
const covers = (delegation: Delegation, ...needed: string[]) =>
	needed.every((name) => grantsOf(delegation).some((grant) => grant.name === name));

const part = (likely: Delegation, works: (delegation: Delegation) => boolean): Part => ({
	likely,
	works: async (delegation) => works(delegation),
});

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
		const found = await smallestDelegation(none, everything, [part(likely, works)]);
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(needed);
		// Nothing; all of it; each of ten left out; each of six once more.
		expect(found!.trials).toBeLessThanOrEqual(2 + 10 + 6);
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
		const found = await smallestDelegation(none, everything, [part(likely, works)]);
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(needed);
		// Nothing, all of it, and each of seven left out.
		expect(found!.trials).toBe(2 + 7);
		await provesItself(found!.delegation, works);
	});

	it("finds grants that were not likely, among all", async () => {
		for (const likely of [none, delegationOf({ programs: ["xdp"], commands: ["prog_load"] })]) {
			const found = await smallestDelegation(none, everything, [part(likely, works)]);
			expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(needed);
			expect(found!.trials).toBeLessThan(100);
		}
	});

	it("tries only what may be granted, and returns undefined when that is not enough", async () => {
		const narrow = delegationOf({ commands: ["any"], maps: ["any"] });
		const wide: string[] = [];
		const trying = part(none, (delegation) => {
			wide.push(...delegation.programs, ...delegation.capabilities);
			return works(delegation);
		});
		expect(await smallestDelegation(none, narrow, [trying])).toBeUndefined();
		expect(wide).toEqual([]);
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
		const trying = part(likely, (delegation) => {
			asked.push(delegation);
			return either(delegation);
		});
		const found = await smallestDelegation(none, everything, [trying]);
		await provesItself(found!.delegation, either);
		for (const grant of grantsOf(found!.delegation))
			expect(asked).toContainEqual(without(found!.delegation, grant));
		expect(found!.trials).toBe(asked.length);
	});

	it("may return an empty delegation", async () => {
		const found = await smallestDelegation(everything, everything, [part(none, () => true)]);
		expect(grantsOf(found!.delegation)).toEqual([]);
	});

	it("keeps what is needed of the first", async () => {
		const first = delegationOf({ programs: ["xdp", "kprobe"], capabilities: ["cap_bpf", "cap_perfmon"] });
		const either = (delegation: Delegation) => covers(delegation, "xdp") || covers(delegation, "sched_cls");
		const likely = delegationOf({ programs: ["sched_cls"] });
		const found = await smallestDelegation(first, everything, [part(likely, either)]);
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(["xdp"]);
	});
});

describe("the search for the smallest delegation of several parts", () => {
	const of = (...programs: string[]) => delegationOf({ commands: ["prog_load", "btf_load"], programs });
	/** Parts that need `prog_load` and a program type, and how often each was asked. */
	const needing = (...programs: string[]) => {
		const asked = programs.map(() => 0);
		const parts = programs.map((name, index) =>
			part(of(name), (delegation) => {
				asked[index]!++;
				return covers(delegation, "prog_load", name);
			}),
		);
		return { asked, parts };
	};

	it("has what each of them needs, and asks a part only twice whose needs others have", async () => {
		const { asked, parts } = needing("xdp", "kprobe", "xdp", "kprobe", "xdp");
		const found = await smallestDelegation(none, everything, parts);
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(["prog_load", "kprobe", "xdp"]);
		// With all of it; one without grant is asked of a part that lacks it.
		expect(asked.slice(2)).toEqual([1, 1, 1]);
		expect(found!.trials).toBe(asked.reduce((sum, count) => sum + count));
	});

	it("asks all parts again where more grants make one fail", async () => {
		const shy = part(of(), (delegation) => !covers(delegation, "kprobe") || covers(delegation, "hash"));
		const { parts } = needing("xdp", "kprobe");
		const found = await smallestDelegation(none, everything, [shy, ...parts]);
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual([
			"prog_load",
			"hash",
			"kprobe",
			"xdp",
		]);
	});

	it("leaves out what one part no longer needs with the grants of another", async () => {
		const either = (delegation: Delegation) => covers(delegation, "xdp") || covers(delegation, "lsm");
		const { parts } = needing("xdp");
		const found = await smallestDelegation(none, everything, [part(of("lsm"), either), ...parts]);
		expect(grantsOf(found!.delegation).map(({ name }) => name)).toEqual(["prog_load", "xdp"]);
	});

	it("is not found where one of them works with no delegation", async () => {
		const { parts } = needing("xdp");
		expect(await smallestDelegation(none, everything, [...parts, part(none, () => false)])).toBeUndefined();
	});
});

describe("the search for missing grants", () => {
	const needed = ["map_create", "prog_load", "ringbuf", "xdp"];
	const works = (delegation: Delegation) => covers(delegation, ...needed);
	const declared = delegationOf({ commands: ["map_create"], maps: ["ringbuf"], capabilities: ["cap_bpf"] });
	const likely = delegationOf({ commands: ["prog_load", "btf_load"], programs: ["xdp", "kprobe"] });

	it.each([likely, none])("adds only those, with a likely delegation and without", async (believed) => {
		const missing = await smallestAddition(declared, everything, [part(believed, works)]);
		expect(missing?.map(({ name }) => name)).toEqual(["prog_load", "xdp"]);
	});

	it("adds nothing that the widest does not have, although it is likely", async () => {
		const first = delegationOf({ commands: ["map_create", "prog_load"], maps: ["ringbuf"] });
		const found = await smallestAddition(first, delegationOf({ maps: ["any"] }), [part(likely, works)]);
		expect(found).toBeUndefined();
	});

	it("returns undefined when no grant helps", async () => {
		expect(await smallestAddition(declared, likely, [part(likely, () => false)])).toBeUndefined();
		expect(await smallestAddition(everything, everything, [part(likely, () => false)])).toBeUndefined();
	});
});
