// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { UndecidedError } from "../base/errors.js";
import { createLab } from "../lab/lab.js";
import { openKernel } from "../machine/kernel/store.js";
import { type SelftestObjects, selftestObjects } from "./selftest-objects.js";
import { readExplained, runSelftests, type SelftestResult } from "./selftest-run.js";
import { summaryOf } from "./selftest-summary.js";

/** What the comparison gets of the process that it runs in. */
export interface Surroundings {
	signal: AbortSignal;
	out(text: string): void;
	err(text: string): void;
}

/**
 * `[KERNEL...] [--objects FOLDER] [--explained FILE] [--results FOLDER]`: the kernel's selftests,
 * or the annotated objects in a folder; known disagreements; where all results are written.
 * `--only NAME` (more than once) leaves out the other objects.
 * @returns the exit status: 0 when enough agree, 1 when not, 3 when it could not be found out
 */
export async function compareSelftests(
	args: readonly string[],
	{ signal, ...write }: Surroundings,
): Promise<number> {
	const { values, positionals } = parseArgs({
		args: [...args],
		allowPositionals: true,
		options: {
			objects: { type: "string" },
			explained: { type: "string", default: "harness/bench/selftests-explained.json" },
			results: { type: "string", default: "reports/out" },
			only: { type: "string", multiple: true, default: [] },
		},
	});
	const ids = positionals.length > 0 ? positionals : ["6.12", "7.3"];
	const lab = createLab({ jobs: 1, signal });
	let sound = true;
	try {
		const explained = await readExplained(values.explained);
		await mkdir(values.results, { recursive: true });
		for (const id of ids) {
			const kernel = await openKernel(id);
			const objects = await (values.objects ? objectsIn(values.objects) : selftestObjects(lab, kernel));
			if (values.only.length > 0)
				objects.objects = objects.objects.filter((file) => values.only.includes(file.replace(".bpf.o", "")));
			const results: SelftestResult[] = [];
			for await (const result of runSelftests(lab, kernel, objects)) {
				results.push(result);
				if (results.length % 100 === 0) write.err(`${id}: ${results.length} programs\n`);
			}
			const file = `${values.results}/selftests-${id}.json`;
			await writeFile(file, `${JSON.stringify(results, null, "\t")}\n`);
			const summary = summaryOf(kernel, results, objects, explained[id] ?? {});
			write.out(`${summary.lines.join("\n")}\nevery program: ${file}\n\n`);
			sound &&= summary.sound;
		}
	} catch (error) {
		if (!(error instanceof UndecidedError)) throw error;
		write.err(`selftests: ${error.message}\n${error.hint}\n`);
		return 3;
	} finally {
		await lab[Symbol.asyncDispose]();
	}
	return sound ? 0 : 1;
}

async function objectsIn(folder: string): Promise<SelftestObjects> {
	const objects = (await readdir(folder)).filter((name) => name.endsWith(".bpf.o")).sort();
	return { folder, objects, uncompiled: {}, moduleNames: new Set(), module: { lack: "not asked for" } };
}
