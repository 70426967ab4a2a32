// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { delegationOf } from "./delegation.js";
import { compareDelegations } from "./delegation-differences.js";

const needed = delegationOf({ commands: ["prog_load"], programs: ["socket_filter", "kprobe"] });

it("finds nothing where the same is declared", () => {
	expect(compareDelegations(needed, needed)).toEqual([]);
});

it("tells what is too much and what is too little, kind by kind", () => {
	const declared = delegationOf({
		commands: ["map_create", "prog_load"],
		programs: ["kprobe"],
		capabilities: ["cap_sys_admin"],
	});
	expect(compareDelegations(declared, needed).map(({ kind, message }) => [kind, message])).toEqual([
		["too-wide", "command/map_create is declared, and the package works without it"],
		["too-narrow", "program/socket_filter is not declared, and the package does not work without it"],
		["too-wide", "capability/cap_sys_admin is declared, and the package works without it"],
	]);
});

it("any is too much, and lacks nothing", () => {
	const declared = delegationOf({ commands: ["any"], programs: ["any"], maps: ["any"] });
	expect(compareDelegations(declared, needed).map(({ message }) => message)).toEqual([
		"all commands are declared, and of them prog_load is enough",
		"all maps are declared, and the package works without any",
		"all programs are declared, and of them socket_filter, kprobe are enough",
	]);
});
