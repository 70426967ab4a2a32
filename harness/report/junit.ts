// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, Outcome, Results } from "../base/results.js";
import { caseName, groupBy, key } from "./cells.js";
import { escapeMarkup } from "./markup.js";

const elementOf = { fail: "failure", error: "error", skip: "skipped" } as const;

/** JUnit's XML as Jenkins and GitLab read it: one test suite for each package on each kernel. */
export function junit(results: Results): string {
	const suites = groupBy(results.results, (result) => key(result.package, result.kernel));
	const lines = [
		'<?xml version="1.0" encoding="UTF-8"?>',
		`<testsuites ${attributes({ name: "bpfgate", ...counts(results.results) })}>`,
		...[...suites.values()].flatMap((cases) => suite(cases, results)),
		"</testsuites>",
	];
	return `${lines.join("\n")}\n`;
}

function suite(cases: CaseResult[], results: Results): string[] {
	const { package: name, kernel } = cases[0]!;
	const head = attributes({
		name: `${name} on ${kernel}`,
		timestamp: results.run.started,
		...counts(cases),
	});
	return [`  <testsuite ${head}>`, ...cases.flatMap(testcase), "  </testsuite>"];
}

function testcase(result: CaseResult): string[] {
	const head = attributes({
		classname: `${result.package}.${result.kernel}`,
		name: caseName(result),
		time: seconds(result.duration_ms),
	});
	if (result.outcome === "pass") return [`    <testcase ${head}/>`];
	const { code = "", message = "", hint = "" } = result.reason ?? {};
	const element = elementOf[result.outcome];
	const detail = attributes(element === "skipped" ? { message } : { type: code, message });
	return [
		`    <testcase ${head}>`,
		`      <${element} ${detail}>${escapeMarkup(hint)}</${element}>`,
		"    </testcase>",
	];
}

function counts(cases: CaseResult[]): Record<string, string> {
	const having = (outcome: Outcome) => String(cases.filter((result) => result.outcome === outcome).length);
	return {
		tests: String(cases.length),
		failures: having("fail"),
		errors: having("error"),
		skipped: having("skip"),
		time: seconds(cases.reduce((sum, result) => sum + result.duration_ms, 0)),
	};
}

function attributes(values: Record<string, string>): string {
	return Object.entries(values)
		.map(([name, value]) => `${name}="${escapeMarkup(value)}"`)
		.join(" ");
}

function seconds(milliseconds: number): string {
	return (milliseconds / 1000).toFixed(3);
}
