// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { emptyInventory } from "../run/testguest.js";
import { type Contents, contradictions, leftOver } from "./leftovers.js";

const filter = { id: 4, type: 6, name: "filter" };
const real = { ...filter, tag: "0123456789abcdef", instructions: 2, jited: 40 };
const counters = { id: 9, type: 1, name: "counters" };
const link = { id: 1, type: 6 };

const contents = (
	told: Partial<Contents["inventory"]> = {},
	seen: Partial<Contents["objects"]> = {},
): Contents => ({
	inventory: { ...emptyInventory, ...told },
	objects: { programs: [], maps: [], links: [], ...seen },
});

describe("what is left in a guest", () => {
	it("is what the host sees of programs, maps and links, and what the agent says of the rest", () => {
		const now = contents({ pins: ["/sys/fs/bpf/x"] }, { programs: [real], maps: [counters], links: [link] });
		expect(leftOver(contents(), now)).toEqual([
			"program: filter (id 4)",
			"map: counters (id 9)",
			"link: type 6 (id 1)",
			"pin: /sys/fs/bpf/x",
		]);
	});

	it("is what the agent says where the host sees nothing", () => {
		const [before, now] = [
			{ inventory: emptyInventory },
			{ inventory: { ...emptyInventory, maps: [counters] } },
		];
		expect(leftOver(before, now)).toEqual(["map: counters (id 9)"]);
		expect(leftOver(now, before)).toEqual(["map: counters (id 9), gone"]);
	});

	it("counts each of a name, as with mounts over each other", () => {
		const mounts = (...mounts: string[]) => contents({ mounts });
		expect(leftOver(mounts("/a tmpfs"), mounts("/a tmpfs", "/a tmpfs"))).toEqual(["mount: /a tmpfs"]);
	});

	it("does not compare the serial numbers of keys", () => {
		const keys = (...keys: string[]) => contents({ keys });
		expect(leftOver(keys("1f keyring _ses"), keys("2e keyring _ses", "3d user x"))).toEqual(["key: user x"]);
	});

	it("includes what is gone", () => {
		const before = contents({}, { programs: [real], links: [link] });
		expect(leftOver(before, contents({}, { programs: [{ ...real, id: 5 }] }))).toEqual([
			"program: filter (id 5)",
			"program: filter (id 4), gone",
			"link: type 6 (id 1), gone",
		]);
	});
});

describe("the agent and the host", () => {
	it("agree when both show the same, in any order", () => {
		const told = { programs: [filter], maps: [counters, { ...counters, id: 8 }], links: [link] };
		const seen = {
			programs: [real],
			maps: [{ ...counters, id: 8 }, counters],
			links: [{ ...link, program: 4 }],
		};
		expect(contradictions(contents(told, seen))).toEqual([]);
		expect(contradictions({ inventory: { ...emptyInventory, maps: [counters] } })).toEqual([]);
	});

	it.each<[string, Contents, string]>([
		[
			"hidden",
			contents({}, { programs: [real] }),
			"the kernel has program filter (id 4, xdp, tag 0123456789abcdef), which BPF_PROG_GET_NEXT_ID does not show",
		],
		[
			"hidden",
			contents({}, { links: [link] }),
			"the kernel has link (id 1, xdp), which BPF_LINK_GET_NEXT_ID does not show",
		],
		[
			"invented",
			contents({ maps: [counters] }),
			"BPF_MAP_GET_NEXT_ID shows map counters (id 9, hash), which the kernel does not have",
		],
		[
			"renamed",
			contents({ programs: [{ ...filter, name: "" }] }, { programs: [real] }),
			"BPF_OBJ_GET_INFO_BY_FD shows program unnamed (id 4, xdp), and the kernel has program filter (id 4, xdp, tag 0123456789abcdef)",
		],
		[
			"of another type",
			contents({ links: [{ ...link, type: 3 }] }, { links: [link] }),
			"BPF_OBJ_GET_INFO_BY_FD shows link (id 1, cgroup), and the kernel has link (id 1, xdp)",
		],
	])("disagree about an object that is %s", (_, both, difference) => {
		expect(contradictions(both)).toEqual([difference]);
	});
});
