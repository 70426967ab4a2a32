// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { asSigned, autoloads, notLoaded, withOptionalPrograms } from "./autoload.js";
import { meaningOf } from "./elf/section.js";
import type { ObjectEntry } from "./manifest/manifest.js";
import type { ProgramFacts } from "./object.js";
import type { Package } from "./package.js";

const program = (name: string, section: string): ProgramFacts => ({
	name,
	section,
	meaning: meaningOf(section)!,
	offset: 0,
	insns: 1,
	uses: { helpers: [], kfuncs: [], maps: [], insns: 1 } as unknown as ProgramFacts["uses"],
});
const always = program("always", "xdp");
const maybe = program("maybe", "?xdp");

function pkg(settings: Partial<ObjectEntry>): Package {
	const objects = [
		{ file: "a.o", settings: { file: "a.o", ...settings }, programs: [always, maybe], maps: [] },
	];
	return { name: "p", objects } as unknown as Package;
}
const loaded = (settings: Partial<ObjectEntry>) =>
	[always, maybe].filter((each) => autoloads({ settings: { file: "a.o", ...settings }, maps: [] }, each));

describe("a program", () => {
	it("is loaded unless its section or the manifest makes it optional", () => {
		expect(loaded({})).toEqual([always]);
		expect(loaded({ autoload: "all" })).toEqual([always, maybe]);
		expect(loaded({ programs: { maybe: { autoload: true } } })).toEqual([always, maybe]);
		expect(loaded({ autoload: "all", programs: { maybe: { autoload: false } } })).toEqual([always]);
		expect(loaded({ programs: { always: { autoload: false } } })).toEqual([]);
		const member = { settings: { file: "a.o" }, maps: [{ programs: ["maybe"] }] };
		expect(autoloads(member, maybe)).toBe(true);
	});

	it("that is not loaded is named with what says so", () => {
		expect(notLoaded(pkg({}))).toEqual([{ object: "a.o", program: "maybe", section: "?xdp", by: "section" }]);
		expect(notLoaded(pkg({ programs: { always: { autoload: false } } })).map(({ by }) => by)).toEqual([
			"manifest",
			"section",
		]);
		expect(notLoaded(withOptionalPrograms(pkg({})))).toEqual([]);
	});

	it("is loaded when the user asks for all, and not compared with what was signed", () => {
		for (const given of [pkg({}), pkg({ autoload: "all" })]) {
			const all = withOptionalPrograms(given);
			expect(notLoaded(all)).toEqual([]);
			expect(asSigned(all)).toEqual(given);
		}
		const unchanged = pkg({});
		expect(asSigned(unchanged)).toBe(unchanged);
	});
});
