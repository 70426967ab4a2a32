// SPDX-License-Identifier: Apache-2.0
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { CaseResult, Outcome } from "../base/results.js";
import { documentOf } from "../base/testresults.js";
import { pretty, wrap } from "./pretty.js";

const medium = { width: 60, colour: false, unicode: true };

function result(kernel: string, name: string, outcome: Outcome, code?: string): CaseResult {
	const reason = code ? { reason: { code, message: `It is ${code}.`, hint: "Fix it." } } : {};
	return {
		package: "one",
		kernel,
		check: "load",
		case: name,
		outcome,
		...reason,
		duration_ms: 1,
		evidence: {},
	};
}

describe("pretty", () => {
	it("lists the cases of a package that is alone, and the end of the kernel's log", () => {
		const failed = { ...result("6.1", "program/b", "fail", "bad"), evidence: { log: "one\ntwo\u001b[0m\n" } };
		const text = pretty(
			documentOf([result("6.1", "program/a", "pass"), failed], { kernels: ["6.1"] }),
			medium,
		);
		expect(text.split("\n")).toEqual([
			"one 1",
			"",
			"               6.1",
			"load/program/a  ✓",
			"load/program/b  ✗",
			"",
			"✓ pass   ✗ fail",
			"",
			"✗ load/program/b on 6.1",
			"    It is bad. [bad]",
			"    → Fix it.",
			"    the kernel's log on 6.1:",
			"    | one",
			"    | two\\u{1b}[0m",
			"",
			"1 passed, 1 failed, 0 skipped, 0 errors: 1 package on 1",
			"kernel in 1.0 s (tcg)",
			"",
		]);
	});

	it("shows the worst of a cell, and a cell without a result as not applicable", () => {
		const results = [
			result("1", "a", "pass"),
			result("1", "b", "skip", "old"),
			result("2", "a", "error", "lost"),
			result("2", "b", "fail", "bad"),
		];
		const text = pretty(documentOf(results, { kernels: ["1", "2", "3"], packages: ["one", "two"] }), {
			...medium,
			unicode: false,
		});
		expect(text).toContain("one 1  +-   x    .\n");
		expect(text).toContain("two 1  .    .    .\n");
		expect(text).toContain("+ pass   +- pass, some skipped   x fail   . not applicable");
		expect(text).toContain("-> Fix it.");
	});

	it("shows cells that an interruption cut short with a sign of their own, but never as a pass", () => {
		const whole = documentOf(
			[result("1", "a", "pass"), result("2", "a", "pass"), result("3", "a", "fail", "bad")],
			{
				kernels: ["1", "2", "3", "4"],
				packages: ["one", "two"],
			},
		);
		const cut = ["2", "3", "4"].map((kernel) => ({ package: "one", kernel }));
		const run = { ...whole.run, interrupted: true, unfinished: cut };
		const text = pretty({ ...whole, run }, { ...medium, unicode: false });
		expect(text).toContain("one 1  +    ?    x    ?\n");
		expect(text).toContain("two 1  .    .    .    .\n");
		expect(text).toContain("? interrupted\n");
		const older = { ...whole.run, interrupted: true };
		expect(pretty({ ...whole, run: older }, { ...medium, unicode: false })).toContain(
			"one 1  ?    ?    x    ?\n",
		);
	});

	it("names the programs that are not loaded, and the filter", () => {
		const whole = documentOf([result("1", "a", "pass")]);
		const maybe = { object: "a.o", program: "maybe", section: "?xdp", by: "section" } as const;
		const never = { object: "a.o", program: "never", section: "xdp", by: "manifest" } as const;
		const packages = [{ name: "one", not_loaded: [maybe, never] }];
		const text = pretty(
			{ ...whole, packages, run: { ...whole.run, filter: ["load/a"] } },
			{ ...medium, width: 200 },
		);
		expect(text).toMatch(/^one\n/);
		expect(text).toContain('Only cases that match "load/a" were tested.\n');
		expect(text).toContain(
			"one: not loaded, so not tested: maybe (section ?xdp), never (autoload is false). --autoload all tests optional programs.\n",
		);
	});

	it("names the programs that are loaded and not attached", () => {
		const whole = documentOf([result("1", "a", "pass")]);
		const loose = { object: "a.o", program: "loose", section: "xdp" };
		const packages = [{ name: "one", not_attached: [loose] }, { name: "two" }];
		const text = pretty({ ...whole, packages }, { ...medium, width: 200 });
		expect(text).toContain('one: the load check does not attach loose: the manifest says hook "none".\n');
		expect(text).not.toContain("two: the load check");
	});

	it("names a check of many cases in place of all of them", () => {
		const letters = [..."abcdefg"];
		const skipped = letters.map(
			(name): CaseResult => ({ ...result("1", name, "skip", "old"), check: "token" }),
		);
		const loaded = result("1", "a", "skip", "old");
		expect(pretty(documentOf([loaded, ...skipped], { kernels: ["1"] }), medium)).toContain(
			"– load/a and all 7 cases of token on 1\n",
		);
		const other = { ...result("1", "h", "pass"), check: "token" } as const;
		expect(pretty(documentOf([...skipped, other], { kernels: ["1"] }), medium)).toContain(
			"– token/a, token/b, token/c, token/d, token/e, token/f and",
		);
		const elsewhere = letters.map((name): CaseResult => ({ ...result("2", name, "pass"), check: "token" }));
		expect(pretty(documentOf([...skipped, ...elsewhere], { kernels: ["1", "2"] }), medium)).toContain(
			"– all 7 cases of token on 1\n",
		);
	});

	it("says once what holds on several kernels and for several cases", () => {
		const kernels = ["1", "2", "3"];
		const results = kernels.flatMap((kernel) => [
			result(kernel, "a", "fail", "bad"),
			result(kernel, "b", "fail", "bad"),
		]);
		const mixed = [...results, result("1", "c", "fail", "bad"), result("3", "c", "fail", "bad")];
		const text = pretty(documentOf(mixed, { kernels }), medium);
		expect(text).toContain("✗ load/a and load/b on all 3 kernels\n");
		expect(text).toContain("✗ load/c on 1 and 3\n");
		expect(text.match(/It is bad/g)).toHaveLength(2);
	});

	it("calls two kernels both", () => {
		const results = ["1", "2"].map((kernel) => result(kernel, "a", "fail", "bad"));
		const text = pretty(documentOf(results, { kernels: ["1", "2"] }), medium);
		expect(text).toContain("✗ load/a on both kernels\n");
	});

	it("keeps kernels that put the same reason differently in one entry", () => {
		const results = ["1", "2", "3"].map((kernel) => result(kernel, "a", "fail", "bad"));
		results[2]!.reason!.message = "It is otherwise bad.";
		const text = pretty(documentOf(results, { kernels: ["1", "2", "3"] }), medium);
		expect(text).toContain(
			[
				"✗ load/a on all 3 kernels",
				"    on 1 and 2: It is bad.",
				"    on 3: It is otherwise bad. [bad]",
				"    → Fix it.\n",
			].join("\n"),
		);
	});

	it("shows six kernels and what is between them in one table of 80 columns", () => {
		const kernels = ["5.10", "6.1", "6.12", "6.18", "7.2", "7.3"];
		const results = [...kernels, "between"].map((kernel) => result(kernel, "drift/v", "pass"));
		const text = pretty(documentOf(results, { kernels }), { ...medium, width: 80 });
		expect(text.split("\n").filter((line) => /5\.10.*7\.3.*between/.test(line))).toHaveLength(1);
	});

	it("breaks the matrix and shortens names to keep within the width", () => {
		const kernels = Array.from({ length: 11 }, (_, index) => `7.${index}`);
		const results = kernels.map((kernel) => result(kernel, `program/${"long".repeat(20)}`, "pass"));
		const text = pretty(documentOf(results, { kernels }), medium);
		expect(text).toContain("load/program/longlonglon…");
		expect(text.match(/✓/g)).toHaveLength(11);
		for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
	});

	it("colours only when told to, and the colours change nothing else", () => {
		const results = documentOf([result("1", "a", "fail", "bad")]);
		const plain = pretty(results, medium);
		const coloured = pretty(results, { ...medium, colour: true });
		expect(plain).not.toContain("\u001b");
		expect(coloured).toContain("\u001b[31m✗\u001b[39m");
		expect(stripVTControlCharacters(coloured)).toBe(plain);
	});

	it("says that a run was interrupted, and never hides a result without a reason", () => {
		const results = documentOf([result("1", "a", "fail")]);
		results.run.interrupted = true;
		const text = pretty(results, medium);
		expect(text).toContain("Interrupted; missing cases did not run.");
		expect(text).toContain("[no-reason-given]");
	});
});

describe("wrap", () => {
	it("breaks at spaces and keeps long words whole", () => {
		expect(wrap("aa bb cccccc d", 5)).toEqual(["aa bb", "cccccc", "d"]);
	});
});
