// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { delegationOf } from "../../checks/token/model/delegation.js";
import { tokenNames } from "../../data/package/sections/token.js";
import { infoSteps, type Masks, masksOfFdinfo, tokenInfo } from "./token-info.js";
import { answer } from "./tokens-question.js";

const fdinfo =
	"pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t23\nallowed_cmds:\t0x21\nallowed_maps:\t0x2\nallowed_progs:\tany\nallowed_attachs:\t0x1\n";
const masks = { commands: "0x21", maps: "0x2", programs: "any", attachments: "0x1" };
const delegation = delegationOf({
	commands: ["map_create", "prog_load"],
	maps: ["hash"],
	programs: ["any"],
	attachments: ["cgroup_inet_ingress"],
});
const result = (given = delegation, seen: Masks | undefined = masks, silence = "nothing") =>
	answer(tokenInfo, infoSteps(given, seen, "bpf(2)", silence));

describe("/proc/<pid>/fdinfo", () => {
	it("of a token has its masks", () => expect(masksOfFdinfo(fdinfo)).toEqual(masks));

	it.each([
		["another file", "pos:\t0\nflags:\t02\n"],
		["a file with three of the four masks", fdinfo.replace(/allowed_attachs.*/, "")],
		["a file with a decimal mask", fdinfo.replace("0x21", "33")],
	])("of %s is not taken for a token", (_, text) => expect(masksOfFdinfo(text)).toBeUndefined());
});

describe("the kernel's report of a token", () => {
	it("is right when it has what was delegated", () => expect(result().kept).toBe(true));

	it("may say any where everything that the kernel knows was delegated", () => {
		const { names } = tokenNames.commands;
		const commands = (some: readonly string[]) => delegationOf({ commands: [...some] });
		const all = { commands: "any", maps: "0x0", programs: "0x0", attachments: "0x0" };
		expect(result(commands(names), all).kept).toBe(true);
		for (const some of [names.slice(0, 3), names.slice(1), names.filter((name) => name !== "prog_load")])
			expect(result(commands(some), all).kept).toBe(false);
	});

	it.each([
		["more maps", { ...masks, maps: "0x6" }, "0x2 when asked for maps with bpf(2)", "0x6"],
		["any map", { ...masks, maps: "any" }, "0x2 when asked for maps with bpf(2)", "any"],
		["fewer programs", { ...masks, programs: "0x2" }, "0xffffffffffffffff when asked for programs", "0x2"],
	])("is wrong with %s", (_, seen, expected, found) => {
		const promise = result(delegation, seen);
		expect(promise).toMatchObject({ kept: false, seen: found });
		expect(promise.expected).toContain(expected);
	});

	it("is wrong when it is empty", () => {
		const promise = answer(tokenInfo, infoSteps(delegation, undefined, "bpf(2)", "EPERM"));
		expect(promise).toMatchObject({ kept: false, seen: "EPERM" });
	});
});
