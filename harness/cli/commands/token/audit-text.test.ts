// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { Admitted } from "../../../checks/token/model/abilities.js";
import { delegationOf } from "../../../checks/token/model/delegation.js";
import type { TokenSettings } from "../../../data/package/sections/token.js";
import { auditJson, auditText } from "./audit-text.js";

const delegation = delegationOf({ commands: ["any"], programs: ["xdp"], capabilities: ["any"] });
const admitted = {
	programs: new Map([["xdp", ["cgroup_inet_ingress", "xdp"]]]),
	maps: ["hash"],
	commands: ["map_create", "prog_load"],
	readsKernel: ["xdp"],
	writesUser: [],
};
const seen = { admitted, tried: 90, unasked: ["token_create"] };
const none = {
	tried: 0,
	unasked: [],
	reason: { code: "x", message: "kernel 6.1 has no BPF tokens", hint: "" },
};
const kernels = [
	{ id: "6.1", audit: none },
	{ id: "6.12", audit: seen },
	{ id: "7.3", audit: { ...seen, tried: 91 } },
	{ id: "7.4", audit: { ...seen, admitted: { ...admitted, maps: [] } } },
];

it("lists what is allowed, equal kernels together, and what a user can do", () => {
	const text = auditText(delegation, kernels);
	expect(text).toContain(
		"delegated: delegate_cmds=any,delegate_progs=xdp\nto a user with every capability of",
	);
	expect(text).toContain("kernel 6.1: kernel 6.1 has no BPF tokens\n");
	expect(text).toContain("kernel 6.12, 7.3: 90 calls to bpf(2) tried\n");
	expect(text).toContain(
		"    xdp (cgroup_inet_ingress, xdp)\n  creates maps: hash\n  calls: map_create, prog_load\n",
	);
	expect(text).toContain("the kernel takes no token for token_create");
	expect(text).toContain("    - reads all kernel memory");
	expect(text).toContain("    xdp: attached in a network namespace");
	expect(text).toMatch(/kernel 7\.4:[\s\S]*creates maps: none/);
});

it("says so when nothing is allowed", () => {
	const empty = { programs: new Map(), maps: [], commands: [], readsKernel: [], writesUser: [] };
	const text = auditText(delegationOf({}), [
		{ id: "7.3", audit: { tried: 1, unasked: [], admitted: empty } },
	]);
	expect(text).toContain("delegated: nothing");
	expect(text).toContain("a user can do nothing with this token");
});

describe("what is delegated without effect", () => {
	const empty = { programs: new Map(), maps: [], commands: [], readsKernel: [], writesUser: [] };
	const said = (settings: TokenSettings, seen: Admitted = empty) =>
		auditText(delegationOf(settings), [{ id: "7.3", audit: { tried: 1, unasked: [], admitted: seen } }])
			.split("\n")
			.filter((line) => /without|has no effect: no/.test(line));
	const program = { programs: ["xdp"], attachments: ["xdp"] };

	it.each<[string, TokenSettings, RegExp[]]>([
		["a type without prog_load", program, [/without the command prog_load/]],
		["a type alone", { programs: ["xdp"] }, [/without the command prog_load/, /without its attach type/]],
		["no attach type", { commands: ["any"], programs: ["xdp"] }, [/without its attach type/]],
		["no type", { commands: ["prog_load"], attachments: ["any"] }, [/prog_load has no effect/]],
		["a map without map_create", { maps: ["any"] }, [/without the command map_create/]],
		["all that is needed", { ...program, commands: ["prog_load", "map_create"], maps: ["hash"] }, []],
	])("%s", (_, settings, expected) => {
		const lines = said(settings);
		expect(lines).toHaveLength(expected.length);
		for (const [index, line] of lines.entries()) expect(line).toMatch(expected[index]!);
	});

	it("is not reported where it is allowed all the same", () => {
		expect(said({ programs: ["xdp"], maps: ["hash"] }, admitted)).toEqual([]);
	});
});

it("is printed as JSON", () => {
	expect(auditJson(delegation, kernels)).toMatchObject({
		token: { programs: ["xdp"] },
		kernels: [
			{ id: "6.1", reason: {} },
			{ id: "6.12", admitted: { programs: { xdp: ["cgroup_inet_ingress", "xdp"] } } },
			{},
			{},
		],
	});
});
