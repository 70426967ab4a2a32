// SPDX-License-Identifier: Apache-2.0
import { escapeMarkup, printable, printableLines } from "../base/printable.js";
import type { CaseResult, Results } from "../base/results.js";
import { capabilities } from "./capabilities.js";
import { caseName, groupBy, key, type Verdict, verdictOf } from "./cells.js";
import { leftOut } from "./left-out.js";
import { noteOf } from "./notes.js";

/** Most lines of one log: viewers show a failure whole. */
const maxLogLines = 200;
/** Logs among the evidence, with what they are. */
const logs = {
	log: "the kernel's log",
	verifier_log: "the verifier's log",
	libbpf_log: "libbpf's log",
	splats: "the kernel's console",
	mismatches: "differences",
	errors: "mistakes",
};

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
	const announced = cases.filter((result) => result.announced).length;
	const left = [
		...leftOut(results, name).map((text) => attributes({ name: "not tested", value: text })),
		...capabilities(results, name).map((text) => attributes({ name: "capability", value: text })),
		...(announced > 0 ? [attributes({ name: "failed as announced", value: String(announced) })] : []),
	];
	const properties = left.map((each) => `      <property ${each}/>`);
	return [
		`  <testsuite ${head}>`,
		...(left.length > 0 ? ["    <properties>", ...properties, "    </properties>"] : []),
		...cases.flatMap(testcase),
		"  </testsuite>",
	];
}

function testcase(result: CaseResult): string[] {
	const head = attributes({
		classname: `${undotted(result.package)}.${undotted(result.kernel)}`,
		name: caseName(result),
		time: seconds(result.duration_ms),
	});
	if (result.announced) {
		// As pytest reports xfail.
		const { code, message } = result.announced;
		const detail = attributes({ type: `announced: ${code}`, message: `failed as announced: ${message}` });
		return [`    <testcase ${head}>`, `      <skipped ${detail}/>`, "    </testcase>"];
	}
	if (result.outcome === "pass") {
		const note = noteOf(result);
		if (note === undefined) return [`    <testcase ${head}/>`];
		const output = `<system-out>${escapeMarkup(printable(note))}</system-out>`;
		return [`    <testcase ${head}>`, `      ${output}`, "    </testcase>"];
	}
	const { code = "", message = "", hint = "" } = result.reason ?? {};
	const element = elementOf[result.outcome];
	const detail = attributes(element === "skipped" ? { message } : { type: code, message });
	const body = [hint, ...(element === "skipped" ? [] : logLines(result))].map(escapeMarkup).join("\n");
	return [`    <testcase ${head}>`, `      <${element} ${detail}>${body}</${element}>`, "    </testcase>"];
}

/** Viewers take what is before the last dot for a package: 6.12 would become the class 12. */
function undotted(name: string): string {
	return name.replaceAll(".", "_");
}

/** What the kernel, the verifier and libbpf said, the end of each. */
function logLines({ evidence }: CaseResult): string[] {
	return Object.entries(logs).flatMap(([key, title]) => {
		const texts = [evidence[key]].flat().filter((text) => typeof text === "string" && text !== "");
		const lines = texts.flatMap((text) => printableLines(String(text)));
		const cut = Math.max(0, lines.length - maxLogLines);
		const head = cut > 0 ? `${title}, without its first ${cut} lines:` : `${title}:`;
		return lines.length === 0 ? [] : ["", head, ...lines.slice(cut)];
	});
}

function counts(cases: CaseResult[]): Record<string, string> {
	const having = (...verdicts: Verdict[]) =>
		String(cases.filter((result) => verdicts.includes(verdictOf(result))).length);
	return {
		tests: String(cases.length),
		failures: having("fail"),
		errors: having("error"),
		skipped: having("skip", "announced"),
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
