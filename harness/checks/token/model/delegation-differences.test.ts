// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { delegationOf } from "./delegation.js";
import { compareDelegations } from "./delegation-differences.js";

const needed = delegationOf({ commands: ["prog_load"], programs: ["socket_filter", "kprobe"] });

it("finds nothing where the same is declared", () => {
	expect(compareDelegations(needed, needed)).toEqual([]);
});

it("lists grants that are too wide and too narrow, kind by kind", () => {
	const declared = delegationOf({
		commands: ["map_create", "prog_load"],
		programs: ["kprobe"],
		capabilities: ["cap_sys_admin"],
	});
	expect(compareDelegations(declared, needed).map(({ kind, message }) => [kind, message])).toEqual([
		["too-wide", "command/map_create is declared, but the package works without it"],
		["too-narrow", "program/socket_filter is not declared, but the package does not work without it"],
		["too-wide", "capability/cap_sys_admin is declared, but the package works without it"],
	]);
});

it("calls any too wide, and lists what is enough", () => {
	const declared = delegationOf({ commands: ["any"], programs: ["any"], maps: ["any"] });
	expect(compareDelegations(declared, needed).map(({ message }) => message)).toEqual([
		"all commands are declared, but prog_load is enough",
		"all maps are declared, but the package needs none",
		"all programs are declared, but socket_filter, kprobe are enough",
	]);
});
