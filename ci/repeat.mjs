#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Repeats `bpfgate test` and compares each run with the first, cell by cell: what differs is a flake. Prints each
// difference and what was run how often; exit status 1 when anything differs, or when a run did not end with results.
// Usage: ci/repeat.mjs TIMES ARGUMENT...        ci/repeat.mjs 20 programs/chain-tc --check chain --kernel 5.10
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [times, ...args] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(times ?? "") || args.length === 0) {
	console.error("usage: ci/repeat.mjs TIMES ARGUMENT... (arguments of bpfgate test)");
	process.exit(2);
}

const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "bpfgate-repeat-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const noRenames = join(folder, "renames.json");
writeFileSync(noRenames, JSON.stringify({ renamed: [], moved: [] }));

/** Runs bpfgate once; the path of its results, undefined when there are none. */
function run(number) {
	const results = join(folder, `${number}.json`);
	const argv = [script("../dist/bin/bpfgate.js"), "test", ...args, "--json", results];
	const { status, signal, stderr } = spawnSync(process.execPath, argv, {
		...{ stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" },
	});
	if (signal === null && status !== 2 && existsSync(results)) return results;
	console.log(`run ${number} ended with ${signal ?? status}: ${stderr.trim().split("\n").at(-1)}`);
	return undefined;
}

const cellsOf = (results) => JSON.parse(readFileSync(results, "utf8")).results.length;
const started = Date.now();
let [differing, first] = [0, undefined];
for (let number = 1; number <= Number(times); number++) {
	const results = run(number);
	console.error(`run ${number} of ${times} ended after ${Math.round((Date.now() - started) / 1000)} s`);
	if (number === 1) {
		if (results === undefined) process.exit(1);
		first = results;
		continue;
	}
	const compared =
		results && spawnSync(process.execPath, [script("compare-results.mjs"), first, results, noRenames]);
	if (compared?.status === 0) continue;
	differing++;
	for (const line of `${compared?.stdout ?? ""}`.trim().split("\n"))
		if (line) console.log(`run ${number}: ${line}`);
}
const seconds = Math.round((Date.now() - started) / 1000);
console.log(`${times} runs of ${cellsOf(first)} cases in ${seconds} s: ${differing} differ from the first`);
process.exitCode = differing === 0 ? 0 : 1;
