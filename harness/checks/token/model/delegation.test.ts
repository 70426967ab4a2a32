// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import {
	delegationOf,
	delegationOfGrants,
	doesGrant,
	everything,
	grantName,
	grantsOf,
	including,
	namedGrantsOf,
	settingsOf,
	without,
} from "./delegation.js";

const tracing = delegationOf({
	commands: ["prog_load", "map_create"],
	programs: ["kprobe"],
	capabilities: ["cap_bpf"],
});

it("has each name once, by the kernel's numbers", () => {
	expect(tracing.commands).toEqual(["map_create", "prog_load"]);
	expect(tracing.maps).toEqual([]);
	expect(grantsOf(tracing).map(grantName)).toEqual([
		"command/map_create",
		"command/prog_load",
		"program/kprobe",
		"capability/cap_bpf",
	]);
	expect(delegationOfGrants([...grantsOf(tracing), ...grantsOf(tracing)])).toEqual(tracing);
	expect(settingsOf(tracing)).toEqual({
		commands: ["map_create", "prog_load"],
		programs: ["kprobe"],
		capabilities: ["cap_bpf"],
	});
	expect(settingsOf(delegationOf())).toEqual({});
});

it("tests, removes and adds grants", () => {
	const xdp = { kind: "programs", name: "xdp" } as const;
	expect(doesGrant(tracing, xdp)).toBe(false);
	expect(doesGrant(everything, xdp)).toBe(true);
	expect(including(tracing, xdp).programs).toEqual(["kprobe", "xdp"]);
	expect(without(tracing, { kind: "programs", name: "kprobe" }).programs).toEqual([]);
});

it("any covers all names; without one grant it becomes all other names", () => {
	expect(everything.programs).toEqual(["any"]);
	const rest = without(everything, { kind: "programs", name: "xdp" });
	expect(rest.programs).toContain("kprobe");
	expect(rest.programs).not.toContain("xdp");
	expect(rest.maps).toEqual(["any"]);
	expect(without(everything, { kind: "maps", name: "any" }).maps).toEqual([]);
	expect(namedGrantsOf(delegationOf({ programs: ["any"] })).map(({ name }) => name)).toContain("netfilter");
});
