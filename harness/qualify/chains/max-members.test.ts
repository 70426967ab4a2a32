// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { type Beyond, limitPromise, memberLimit } from "./max-members.js";

const ERANGE = 34;

/** A hook that attaches `attached` programs, and runs `met` of them. */
async function asked(beyond: Beyond, attached: number, met: (attached: number) => number) {
	let count = 0;
	let open = true;
	const trial = {
		attach: async (more: number) =>
			Array.from({ length: more }, () => {
				if (count >= attached) return ERANGE;
				count++;
				return 0;
			}),
		met: async () => met(count),
		close: async () => {
			open = false;
		},
	};
	const limit = await memberLimit({ most: 63, beyond }, trial);
	expect(open).toBe(false);
	const { expected, seen, kept } = limitPromise("max-members/x", limit, limit);
	return { expected, seen, kept };
}

const all = (attached: number) => attached;
const atMost63 = (attached: number) => Math.min(63, attached);
const expected = {
	refused: "63 attached, 63 run; one more is refused",
	"not-run": "63 attached, 63 run; one more never runs",
	run: "63 attached, 63 run; one more runs",
};

it.each<[string, Beyond, number, (attached: number) => number, string, boolean]>([
	["a list that refuses one more", "refused", 63, all, expected.refused, true],
	["a list that attaches it", "refused", 64, all, expected.run, false],
	[
		"a list that is full early",
		"refused",
		60,
		all,
		"60 attached, 60 run; the next is refused (ERANGE)",
		false,
	],
	[
		"a list with programs that never run",
		"refused",
		63,
		() => 61,
		"63 attached, 61 run; one more is refused",
		false,
	],
	["tail calls that end", "not-run", 64, atMost63, expected["not-run"], true],
	["tail calls that go on", "not-run", 64, all, expected.run, false],
	["filters without a limit", "run", 64, all, expected.run, true],
	["filters with a limit", "run", 63, all, expected.refused, true],
	["filters that do not all run", "run", 64, atMost63, expected["not-run"], false],
])("%s", async (_, beyond, attached, met, seen, kept) => {
	expect(await asked(beyond, attached, met)).toEqual({ expected: expected[beyond], seen, kept });
});

it("says why a hook cannot be asked about", () => {
	expect(limitPromise("max-members/x", { most: 63, beyond: "refused" }, { lack: "no tcx" })).toMatchObject({
		...{ name: "max-members/x", seen: "not tried", lack: "no tcx" },
	});
});
