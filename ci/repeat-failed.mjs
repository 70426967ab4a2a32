#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Repeats the files of failed VM tests once: RESULTS are vitest's JSON results, the rest is the command that
// runs such files and writes REPEATED. A test that passes then is marked `flaky` in RESULTS. Ends with 0
// when all that failed was flaky.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** So many failed files are no accident. */
const most = 10;

const [file, repeatedFile, ...command] = process.argv.slice(2);
const results = JSON.parse(readFileSync(file, "utf8"));
const failed = results.testResults.filter(hasFailed);
const all = failed.every(({ name }) => name.endsWith(".vm.test.ts"));
if (failed.length === 0 || failed.length > most || !all) process.exit(1);

console.log(`ci/repeat-failed: ${failed.length} files with failed VM tests run once more`);
const [program, ...args] = command;
spawnSync(program, [...args, ...failed.map(({ name }) => name)], { stdio: "inherit" });
if (!existsSync(repeatedFile)) process.exit(1);
const repeated = JSON.parse(readFileSync(repeatedFile, "utf8"));
for (const suite of failed) {
	const again = repeated.testResults.find(({ name }) => name === suite.name);
	if (again) merge(suite, again);
}
writeFileSync(file, JSON.stringify(results));
process.exitCode = failed.some(hasFailed) ? 1 : 0;

function hasFailed({ status, assertionResults }) {
	return status === "failed" || assertionResults.some((test) => test.status === "failed");
}

/** A test that passed once of two is flaky; so is a file that failed as a whole, by a hook, once. */
function merge(suite, again) {
	const before = new Map(suite.assertionResults.map((test) => [test.fullName, test.status]));
	if (failedItself(suite) && !failedItself(again)) suite.flaky = true;
	suite.assertionResults = again.assertionResults.map((test) => {
		const both = [before.get(test.fullName), test.status];
		return both.includes("passed") && both.includes("failed")
			? { ...test, status: "passed", flaky: true }
			: test;
	});
	suite.status = again.status === "failed" && failedItself(again) ? "failed" : "passed";
}

/** A hook failed, or the file could not be loaded. */
function failedItself({ status, assertionResults }) {
	return status === "failed" && !assertionResults.some((test) => test.status === "failed");
}
