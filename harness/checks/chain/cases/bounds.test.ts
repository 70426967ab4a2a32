// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Limit } from "../mechanism.js";
import { wrongLimit } from "./bounds.js";

const ERANGE = 34;
const lists = { promised: 63, taken: 63, met: 63, errno: ERANGE };
const tailCalls = { promised: 33, taken: 34, met: 33, errno: 0, metWithOneMore: 33 };
const filters = { promised: 64, unbounded: true, taken: 64, met: 64, errno: 0, metWithOneMore: 65 } as const;

it.each<[string, Limit, string | undefined]>([
	["a list that refuses one more", lists, undefined],
	["a list that takes it", { ...lists, taken: 64, met: 64, errno: 0 }, "took 64 programs, more than the 63"],
	["a list that is full early", { ...lists, taken: 60, met: 60 }, "took only 60 of 63 programs (ERANGE)"],
	["a list of which not all run", { ...lists, met: 61 }, "a packet met only 61 of 63 programs"],
	["tail calls that end", tailCalls, undefined],
	[
		"tail calls that go on",
		{ ...tailCalls, metWithOneMore: 34 },
		"a packet met 34 programs, more than the 33",
	],
	["filters without a limit", filters, undefined],
	["filters with one", { ...lists, unbounded: true }, undefined],
	[
		"filters of which the last does not run",
		{ ...filters, metWithOneMore: 64 },
		"a packet met 64 of 65 programs",
	],
])("judges %s", (_, limit, wrong) => {
	if (wrong === undefined) expect(wrongLimit(limit)).toBeUndefined();
	else expect(wrongLimit(limit)).toContain(wrong);
});
