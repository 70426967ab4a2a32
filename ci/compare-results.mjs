#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Compares two results documents (`bpfgate test --json`) cell by cell: the same cases with the same outcomes and reason
// codes, but for the cases that ci/renamed-cases.json names. Prints each difference; exit status 1 when there is one.
// Usage: ci/compare-results.mjs BEFORE AFTER [RENAMES]
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [before, after, renames = fileURLToPath(new URL("renamed-cases.json", import.meta.url))] =
	process.argv.slice(2);
if (before === undefined || after === undefined) {
	console.error("usage: ci/compare-results.mjs BEFORE AFTER [RENAMES]");
	process.exit(2);
}

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const { renamed, moved, codes = {} } = read(renames);
const patterns = renamed.map(({ from, to }) => [new RegExp(`^(?:${from})$`), to]);
const gone = moved.map(({ case: pattern }) => new RegExp(`^(?:${pattern})$`));

/** The name that a case of the first document has in the second one. */
function newName(name) {
	for (const [pattern, to] of patterns) if (pattern.test(name)) return name.replace(pattern, to);
	return name;
}

/** `outcome` or `outcome (code)` of each case, by `package on kernel: check/case`. */
function cells({ results }, nameOf, codeOf) {
	const found = new Map();
	for (const { package: pkg, kernel, check, case: name, outcome, reason } of results) {
		const full = nameOf(`${check}/${name}`);
		if (full === undefined) continue;
		const code = reason === undefined ? "" : ` (${codeOf(reason.code)})`;
		const key = `${pkg} on ${kernel}: ${full}`;
		const others = found.get(key) ?? [];
		found.set(key, [...others, `${outcome}${code}`].sort());
	}
	return found;
}

const isGone = (name) => gone.some((pattern) => pattern.test(name));
const old = cells(
	read(before),
	(name) => (isGone(name) ? undefined : newName(name)),
	(code) => codes[code] ?? code,
);
const now = cells(
	read(after),
	(name) => (isGone(name) ? undefined : name),
	(code) => code,
);

const lines = [];
for (const [key, outcomes] of old) {
	const others = now.get(key);
	if (others === undefined) lines.push(`${key}: ${outcomes.join(", ")} before, missing now`);
	else if (others.join() !== outcomes.join())
		lines.push(`${key}: ${outcomes.join(", ")} before, ${others.join(", ")} now`);
}
for (const [key, outcomes] of now)
	if (!old.has(key)) lines.push(`${key}: missing before, ${outcomes.join(", ")} now`);
for (const line of lines) console.log(line);
console.log(`${old.size} cells before, ${now.size} now, ${lines.length} differ`);
process.exitCode = lines.length > 0 ? 1 : 0;
