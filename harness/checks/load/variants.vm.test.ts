// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitStatus, type Results } from "../../base/results.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { packageRows } from "../../report/cells.js";
import { resultsOf } from "../../run/testrun.js";
import { vectorsCheck } from "../vectors/vectors-check.js";
import { loadCheck } from "./load-check.js";
import { packageWith, said } from "./testload.js";

const source = join(import.meta.dirname, "testdata/variants.bpf.c");
const vectors = `
object: variants.bpf.o
vectors:
  - { name: length, program: by_length, packet: { hex: "${"00".repeat(64)}" }, expect: { retval: 2 } }
  - { name: pointers, program: by_pointers, packet: { hex: "${"00".repeat(64)}" }, expect: { retval: 2 } }
`;
const sets = [
	["on_multi", "on_single"],
	[
		["enters", "ends_nowhere"],
		["enters_too", "ends"],
	],
	["by_length", "by_pointers"],
	["later.bpf.o", "earlier"],
];

async function results(kernels: readonly string[]): Promise<Results> {
	const later = await compileBpf(source, "-DLATER");
	const objects = ["variants.bpf.o", "later.bpf.o"];
	const files = { "later.bpf.o": later, "v.yaml": vectors };
	const unused = { nowhere: { autoload: false }, nowhere_either: { autoload: false } };
	const some = (name: string, variants: unknown, programs = {}) =>
		packageWith(files, "variants", {
			name,
			objects: [{ file: objects[0], programs }, objects[1]],
			variants,
			vectors: ["v.yaml"],
		});
	return resultsOf({
		packages: [await some("good", sets, unused), await some("bad", [...sets, ["nowhere", "nowhere_either"]])],
		kernels,
		checks: [loadCheck, vectorsCheck],
		failOnSkip: true,
	});
}

describe("variants", async () => {
	const document = await results(["5.10", "7.3"]);
	const of = (pkg: string, kernel: string) =>
		document.results.filter((result) => result.package === pkg && result.kernel === kernel);
	const lines = (pkg: string, kernel: string) =>
		Object.fromEntries(of(pkg, kernel).map((result) => [result.case, said(result)]));
	const other = "skip other-variant";
	const always = {
		"variants/on_multi": "pass",
		"variants/enters + ends_nowhere": "pass",
		"variants/by_length": "pass",
		"variants/later.bpf.o": "pass",
		"program/enters": other,
		"program/ends_nowhere": other,
		"program/enters_too": "pass",
		"program/ends": "pass",
		"attach/enters_too": "pass",
		"attach/ends": "pass",
	};

	it("on an old kernel the one that works there is used", () => {
		expect(lines("good", "5.10")).toEqual({
			...always,
			"program/on_multi": other,
			"program/on_single": "pass",
			"attach/on_single": "pass",
			"program/by_length": other,
			"program/by_pointers": "pass",
			"attach/by_pointers": "pass",
			"program/later": other,
			"program/earlier": "pass",
			"attach/earlier": "pass",
			"v/length": other,
			"v/pointers": "pass",
		});
	});

	it("on a new kernel the first is used, and the others are not tried", () => {
		expect(lines("good", "7.3")).toEqual({
			...always,
			"program/on_multi": "pass",
			"attach/on_multi": "pass",
			"program/on_single": other,
			"program/by_length": "pass",
			"attach/by_length": "pass",
			"program/by_pointers": other,
			"program/later": "pass",
			"attach/later": "pass",
			"program/earlier": other,
			"v/length": "pass",
			"v/pointers": other,
		});
	});

	it("are skips by design: the cell passes, also where skips are failures", () => {
		expect(packageRows(document).map(({ cells }) => cells)).toEqual([
			["pass", "pass"],
			["fail", "fail"],
		]);
		const good = document.results.filter((result) => result.package === "good");
		expect(exitStatus({ ...document, results: good })).toBe(0);
	});

	it("say which is used, and why another is not", () => {
		const [multi] = of("good", "5.10").filter((result) => result.case === "program/on_multi");
		expect(multi?.reason?.message).toMatch(
			/^variant on_single is used in place of on_multi, which does not work: program on_multi could not be attached/,
		);
		const [single] = of("good", "7.3").filter((result) => result.case === "program/on_single");
		expect(single?.reason?.message).toBe(
			"variant on_multi is used in place of on_single, which comes after it",
		);
		const [pair] = of("good", "7.3").filter((result) => result.case === "variants/enters + ends_nowhere");
		expect(pair?.evidence).toMatchObject({
			used: "enters_too + ends",
			refused: [{ label: "enters + ends_nowhere", why: expect.stringContaining("bpfgate_no_such") }],
		});
	});

	it.each(["5.10", "7.3"])(
		"%s: a set without a variant that works fails, with the reason of each",
		(kernel) => {
			const failures = of("bad", kernel).filter(({ outcome }) => outcome === "fail");
			expect(Object.fromEntries(failures.map((result) => [result.case, said(result)]))).toEqual({
				"variants/nowhere": "fail no-variant",
				"program/nowhere": "fail attach-target-missing",
				"attach/nowhere_either": "fail attach-symbol-missing",
				"attach/nowhere": "fail skip-not-allowed",
			});
			expect(failures[0]?.reason?.message).toMatch(
				/^none of the variants works: nowhere: .*bpfgate_no_such.*; nowhere_either: .*could not be attached/,
			);
		},
	);
});
