// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { tokenNames } from "../../data/package/sections/token.js";
import { delegationOf } from "./model/delegation.js";
import { masksOfFdinfo, toldOutcome } from "./told.js";

const fdinfo =
	"pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t23\nallowed_cmds:\t0x21\nallowed_maps:\t0x2\nallowed_progs:\tany\nallowed_attachs:\t0x1\n";
const masks = { commands: "0x21", maps: "0x2", programs: "any", attachments: "0x1" };
const declared = delegationOf({
	commands: ["map_create", "prog_load"],
	maps: ["hash"],
	programs: ["any"],
	attachments: ["cgroup_inet_ingress"],
});

describe("what /proc tells of a descriptor", () => {
	it("is what a token grants", () => expect(masksOfFdinfo(fdinfo)).toEqual(masks));

	it.each([
		["another file", "pos:\t0\nflags:\t02\n"],
		["a part of it", fdinfo.replace(/allowed_attachs.*/, "")],
		["no mask", fdinfo.replace("0x21", "33")],
	])("of %s is nothing of a token", (_, text) => expect(masksOfFdinfo(text)).toBeUndefined());
});

describe("what is told and what is declared", () => {
	it("are the same", () =>
		expect(toldOutcome(declared, masks, "it")).toMatchObject({ outcome: "pass", evidence: { by: "it" } }));

	it("are the same where all that the kernel knows was named", () => {
		const { names } = tokenNames.commands;
		const commands = delegationOf({ commands: [...names] });
		const told = { commands: "any", maps: "0x0", programs: "0x0", attachments: "0x0" };
		expect(toldOutcome(commands, told, "it").outcome).toBe("pass");
		for (const left of [names.slice(0, 3), names.slice(1), names.filter((name) => name !== "prog_load")])
			expect(toldOutcome(delegationOf({ commands: [...left] }), told, "it").outcome).toBe("fail");
	});

	it.each([
		[{ ...masks, maps: "0x6" }, "the kernel tells (it) that the token grants maps 0x6, and delegated is 0x2"],
		[{ ...masks, maps: "any" }, "the kernel tells (it) that the token grants maps any, and delegated is 0x2"],
		[
			{ ...masks, programs: "0x2" },
			"the kernel tells (it) that the token grants programs 0x2, and delegated is 0xffffffffffffffff",
		],
		[undefined, "the kernel tells nothing of the token (it): EPERM"],
	])("%j is not what is declared", (told, message) => {
		const outcome = toldOutcome(declared, told, "it", told ? 0 : constants.errno.EPERM);
		expect(outcome).toMatchObject({ outcome: "fail", reason: { code: "token-promise", message } });
	});
});
