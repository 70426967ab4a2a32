// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import {
	attachTypes,
	capabilities,
	commands,
	helperName,
	helpers,
	linkTypes,
	mapTypes,
	programFlags,
	programTypes,
} from "./bpf.js";

/** Numbers as include/uapi/linux/bpf.h and the manual page bpf-helpers(7) give them. */
it.each([
	[commands, "prog_load", 5],
	[commands, "token_create", 36],
	[programTypes, "sched_cls", 3],
	[programTypes, "netfilter", 32],
	[programFlags, "sleepable", 4],
	[programFlags, "test_reg_invariants", 7],
	[mapTypes, "ringbuf", 27],
	[mapTypes, "arena", 33],
	[attachTypes, "tcx_ingress", 46],
	[attachTypes, "netkit_peer", 55],
	[linkTypes, "tcx", 11],
	[helpers, "map_lookup_elem", 1],
	[helpers, "xdp_load_bytes", 189],
	[helpers, "cgrp_storage_delete", 211],
	[capabilities, "cap_net_admin", 12],
	[capabilities, "cap_bpf", 39],
])("%#", (numbers, name, number) => {
	expect(numbers.number(name)).toBe(number);
	expect(numbers.name(number)).toBe(name);
});

it("gives the number itself when it is newer than the table", () => {
	expect(helpers.name(4000)).toBe("4000");
	expect(helpers.number("nothing_like_it")).toBeUndefined();
});

it("has no name twice", () => {
	for (const numbers of [commands, programTypes, mapTypes, attachTypes, linkTypes, helpers])
		expect(new Set(numbers.names).size).toBe(numbers.names.length);
});

it("names helpers by number, and nothing else", () => {
	expect([1, 44, 189, 211].map(helperName)).toEqual([
		"bpf_map_lookup_elem",
		"bpf_xdp_adjust_head",
		"bpf_xdp_load_bytes",
		"bpf_cgrp_storage_delete",
	]);
	expect([0, -1, 212, 9999].map(helperName)).toEqual([undefined, undefined, undefined, undefined]);
});
