// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { incusKeys, lxdOptions, parseInstanceOption } from "./container-options.js";
import { delegationOf } from "./delegation.js";

const delegation = delegationOf({ commands: ["map_create", "prog_load"], programs: ["any"] });

it("Incus options have the names of bpffs mount options, and commas", () => {
	expect(incusKeys(delegation)).toEqual([
		"security.bpffs.delegate_cmds=map_create,prog_load",
		"security.bpffs.delegate_progs=any",
	]);
});

it("LXD options have their own names, and colons", () => {
	expect(lxdOptions(delegation)).toEqual([
		"security.delegate_bpf=true",
		"security.delegate_bpf.cmd_types=map_create:prog_load",
		"security.delegate_bpf.prog_types=any",
	]);
});

it("both are parsed", () => {
	for (const options of [incusKeys(delegation), lxdOptions(delegation).slice(1)]) {
		expect(parseInstanceOption(options[0]!)?.commands).toEqual(["map_create", "prog_load"]);
		expect(parseInstanceOption(options[1]!)?.programs).toEqual(["any"]);
	}
	expect(parseInstanceOption(lxdOptions(delegation)[0]!)).toEqual(delegationOf({}));
	expect(parseInstanceOption("security.nesting=true")).toBeUndefined();
	for (const value of ["false", "", "maybe"])
		expect(() => parseInstanceOption(`security.delegate_bpf=${value}`)).toThrow(/delegates nothing/);
	expect(() => parseInstanceOption("security.bpffs.delegate_maps=hash,hush")).toThrow(
		/"hush" is not a map type/,
	);
});
