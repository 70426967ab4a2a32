// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { exitStatus, Results } from "../base/results.js";
import { validator } from "../base/validate.js";
import { checks } from "../checks/checks.js";
import { html } from "./html.js";
import { json, resultsSchema } from "./json.js";
import { junit } from "./junit.js";
import { markdown } from "./markdown.js";
import { outputs } from "./outputs.js";
import { pretty } from "./pretty.js";
import { tap } from "./tap.js";

const folder = new URL("../../reports/", import.meta.url);
const text = readFileSync(new URL("sample/results.json", folder), "utf8");
const sample: Results = JSON.parse(text);
const medium = { width: 80, colour: false, unicode: true };
const reports = (name: string) => new URL(name, folder).pathname;

/**
 * reports/sample/results.json is written by hand; every other file there is what the reporters make
 * of it. `npx vitest run harness/report -u` rewrites them.
 */
describe("the samples in reports/", () => {
	it("conform to the schema", () => {
		expect(validator(Results).violation(sample)).toBeUndefined();
		expect(exitStatus(sample)).toBe(1);
	});

	it("have a schema that is the one in the source", async () => {
		await expect(resultsSchema(checks.map(({ name }) => name))).toMatchFileSnapshot(
			reports("results.schema.json"),
		);
	});

	it("are what the reporters write", async () => {
		await expect(json(sample)).toMatchFileSnapshot(reports("sample/results.json"));
		await expect(pretty(sample, medium, "captures")).toMatchFileSnapshot(reports("sample/pretty.txt"));
		await expect(tap(sample)).toMatchFileSnapshot(reports("sample/results.tap"));
		await expect(junit(sample)).toMatchFileSnapshot(reports("sample/junit.xml"));
		await expect(markdown(sample)).toMatchFileSnapshot(reports("sample/report.md"));
		await expect(html(sample)).toMatchFileSnapshot(reports("sample/report.html"));
	});

	it("let no control character through, in any format", () => {
		for (const output of outputs) {
			if (output.kind !== "text") continue;
			const text = output.render(sample, { medium });
			// biome-ignore lint/suspicious/noControlCharactersInRegex: they must not get through
			expect(text, output.name).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
		}
	});
});

describe("junit", () => {
	it("is well-formed XML that says every name as it is", () => {
		const xml = junit(sample);
		expect(XMLValidator.validate(xml)).toBe(true);
		const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" });
		const { testsuites } = parser.parse(xml);
		expect(testsuites).toMatchObject({ tests: "18", failures: "7", errors: "1", skipped: "2" });
		const suite = testsuites.testsuite.at(-1);
		expect(suite.name).toBe("<i>hostile</i> & \\u{1b}[2J on 7.3");
		expect(suite.testcase.failure.message).toBe("The kernel refused it: ]]> <script>alert(1)</script>");
	});
});

describe("an announced failure", () => {
	it("has its own sign and count in every format", () => {
		expect(pretty(sample, medium)).toMatch(/ring-watch .*\(✗\)/);
		expect(pretty(sample, medium)).toContain("1 failed as announced");
		expect(pretty(sample, { ...medium, unicode: false })).toContain("(x)");
		for (const text of [markdown(sample), html(sample)]) {
			expect(text).toContain("(✗)");
			expect(text).toContain("1 failed as announced");
			expect(text).toMatch(/6\\?\.12 has no hook of this kind/);
		}
		expect(tap(sample)).toMatch(/^not ok .*attach\/on\\?_exec # TODO announced in expect.failures: 6.12/m);
		expect(tap(sample)).toContain("# 1 failed as announced");
		expect(junit(sample)).toMatch(/name="failed as announced" value="1"/);
		expect(junit(sample)).toContain('<skipped type="announced: attach-unsupported"');
	});

	it("alone is no success", () => {
		const announced = sample.results.filter((result) => result.announced);
		expect(exitStatus({ ...sample, results: announced })).toBe(3);
	});
});

describe("what a program may do to the machine", () => {
	it("is in every format, and no failure", () => {
		const { results } = sample;
		for (const output of outputs) {
			if (output.kind === "folder" || output.name === "coverage") continue;
			const text = [output.render(sample, { medium })].flat().join("").replaceAll("\\", "");
			expect(text, output.name).toMatch(/on_exec can end processes by a signal: it calls\s+bpf_send_signal/);
		}
		const harmless = { ...sample, results: results.filter(({ outcome }) => outcome === "pass") };
		expect(exitStatus(harmless)).toBe(0);
	});
});

describe("junit's passes", () => {
	it("have their note as output, and are empty without one", () => {
		const first = { ...sample.results[0]!, outcome: "pass" as const, case: "a" };
		const noted = { ...first, evidence: { note: "one <kernel> alone" } };
		const xml = junit({ ...sample, results: [first, noted] });
		expect(xml).toMatch(/<testcase [^>]*\/>\n/);
		expect(xml).toContain("<system-out>one &lt;kernel&gt; alone</system-out>");
		expect(xml.match(/<system-out>/g)).toHaveLength(1);
	});
});

describe("html", () => {
	it("has no script, no address of elsewhere, and no markup of a package's making", () => {
		const page = html(sample);
		expect(page).not.toMatch(/<script|<i>|https?:|\bon[a-z]+=|src=|@import|url\(/i);
		expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
	});

	it("closes every element that it opens", () => {
		const page = html(sample).replace("<!doctype html>", "");
		const unpaired = ["meta"];
		expect(new XMLParser({ unpairedTags: unpaired }).parse(page)).toHaveProperty("html");
		expect(XMLValidator.validate(page, { unpairedTags: unpaired })).toBe(true);
	});

	it("says so when evidence was cut", () => {
		const [first] = sample.results.filter((result) => result.outcome === "fail");
		const long = { ...sample, results: [{ ...first!, evidence: { log: "x".repeat(9000) } }] };
		expect(html(long)).toContain("The first 1000 characters are left out here");
	});
});
