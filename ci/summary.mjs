#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Reads vitest's JSON results: a line for each suite, then what was flaky and what failed, or (--count STATUS)
// only `N passed, N failed`, where a run that ended with STATUS but names no failed test counts as one failure.
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

const [file, mode, status = "0"] = process.argv.slice(2);
const suites = read(file);
const passed = sum(suites, "passed");
let failed = sum(suites, "failed");

if (mode === "--count") {
	if (failed === 0 && (status !== "0" || passed === 0)) failed = 1;
} else {
	for (const suite of suites) {
		const skipped = suite.skipped > 0 ? `, ${suite.skipped} skipped` : "";
		const seconds = (suite.milliseconds / 1000).toFixed(1).padStart(7);
		console.log(`${seconds} s  ${suite.name}: ${suite.passed} passed, ${suite.failed} failed${skipped}`);
	}
	for (const { name, flaky } of suites) for (const test of flaky) console.log(`flaky   ${name}: ${test}`);
	for (const { name, failures } of suites)
		for (const test of failures) console.log(`FAILED  ${name}: ${test}`);
	if (suites.length === 0) console.log(`${file}: no results`);
}
if (mode === "--count") console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function read(path) {
	if (path === undefined || !existsSync(path)) return [];
	let document;
	try {
		document = JSON.parse(readFileSync(path, "utf8"));
	} catch {
		return [];
	}
	return document.testResults.map(
		({ name, status: outcome, flaky, assertionResults, startTime, endTime }) => {
			const having = (wanted) => assertionResults.filter((test) => test.status === wanted);
			const failures = having("failed").map((test) => test.fullName);
			// A file that could not even be loaded has no tests, and is a failure all the same.
			if (outcome === "failed" && failures.length === 0) failures.push("the file itself");
			const passes = having("passed").length;
			return {
				name: relative(process.cwd(), name),
				passed: passes,
				failed: failures.length,
				skipped: assertionResults.length - passes - having("failed").length,
				failures,
				flaky: [
					...(flaky ? ["the file itself"] : []),
					...assertionResults.filter((test) => test.flaky).map((test) => test.fullName),
				],
				milliseconds: endTime - startTime,
			};
		},
	);
}

function sum(list, key) {
	return list.reduce((total, suite) => total + suite[key], 0);
}
