// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { variantSets, withAutoload } from "./variants.js";

const named = (file: string, ...programs: string[]) => ({
	file,
	programs: programs.map((name) => ({ name })),
});
const objects = [named("bpf/new.bpf.o", "open", "close", "stat"), named("bpf/old.bpf.o", "open", "shut")];
const sets = (variants: (string | string[])[][]) => variantSets("m", { variants }, objects);

describe("variantSets", () => {
	it("takes programs, several together, and whole objects", () => {
		const found = sets([
			["close", ["shut", "old/open"]],
			["new/open", "stat"],
		]);
		expect(found.map((set) => set.map(({ label, programs }) => [label, [...programs]]))).toEqual([
			[
				["close", [["bpf/new.bpf.o", ["close"]]]],
				["shut + old/open", [["bpf/old.bpf.o", ["shut", "open"]]]],
			],
			[
				["new/open", [["bpf/new.bpf.o", ["open"]]]],
				["stat", [["bpf/new.bpf.o", ["stat"]]]],
			],
		]);
		const [whole] = sets([["bpf/new.bpf.o", "bpf/old.bpf.o"]]);
		expect(whole?.[0]?.programs.get("bpf/new.bpf.o")).toEqual(["open", "close", "stat"]);
		expect(variantSets("m", {}, objects)).toEqual([]);
	});

	it.each([
		[
			[["stat", "gone"]],
			'/variants/0/1: "gone" is neither a program of this package nor the file of one of its objects',
		],
		[
			[["stat", ["shut", "open"]]],
			'/variants/0/1/1: "open" is in several objects; write new/open or old/open',
		],
		[[["stat", "stat"]], '/variants/0/1: "stat" is named already by /variants/0/0'],
		[
			[
				["stat", "close"],
				["shut", "bpf/new.bpf.o"],
			],
			'/variants/1/1: "bpf/new.bpf.o" is named already by /variants/0/1',
		],
	])("refuses a name that cannot be meant: %j", (variants, message) => {
		expect(() => sets(variants)).toThrow(`m: ${message}`);
	});
});

it("withAutoload decides, whatever the manifest says", () => {
	const settings = { file: "x.o", programs: { a: { autoload: false, type: "xdp" } } };
	const loaded = new Map([
		["a", true],
		["b", false],
	]);
	expect(withAutoload({ settings }, loaded).settings.programs).toEqual({
		a: { autoload: true, type: "xdp" },
		b: { autoload: false },
	});
	const object = { settings };
	expect(withAutoload(object, new Map())).toBe(object);
});
