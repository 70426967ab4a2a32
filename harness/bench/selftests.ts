// SPDX-License-Identifier: Apache-2.0
// `npm run selftests [-- 7.3]`: compares the load check with what the kernel's selftests expect.
import { mkdir, writeFile } from "node:fs/promises";
import { UndecidedError } from "../base/errors.js";
import { createLab } from "../lab/lab.js";
import { openKernel } from "../machine/kernel/store.js";
import { selftestObjects } from "./selftest-objects.js";
import { readExplained, runSelftests, type SelftestResult } from "./selftest-run.js";
import { summaryOf } from "./selftest-summary.js";

const out = "reports/out";
const ids = process.argv.length > 2 ? process.argv.slice(2) : ["6.12", "7.3"];
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
const lab = createLab({ jobs: 1, signal: interrupted.signal });
let sound = true;
try {
	const explained = await readExplained("harness/bench/selftests-explained.json");
	await mkdir(out, { recursive: true });
	for (const id of ids) {
		const kernel = await openKernel(id);
		const objects = await selftestObjects(lab, kernel);
		const results: SelftestResult[] = [];
		for await (const result of runSelftests(lab, kernel, objects)) {
			results.push(result);
			if (process.stderr.isTTY) process.stderr.write(`\r${id}: ${results.length} programs`);
		}
		const file = `${out}/selftests-${id}.json`;
		await writeFile(file, `${JSON.stringify(results, null, "\t")}\n`);
		const summary = summaryOf(kernel, results, objects, explained[id] ?? {});
		process.stdout.write(`${summary.lines.join("\n")}\nevery program: ${file}\n\n`);
		sound &&= summary.sound;
	}
} catch (error) {
	if (!(error instanceof UndecidedError)) throw error;
	process.stderr.write(`selftests: ${error.message}\n${error.hint}\n`);
	process.exitCode = 3;
} finally {
	await lab[Symbol.asyncDispose]();
}
if (!sound) process.exitCode = 1;
