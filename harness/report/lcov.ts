// SPDX-License-Identifier: Apache-2.0
import { linesIn } from "../base/coverage-record.js";
import type { Results } from "../base/results.js";
import { coverageOf } from "./coverage.js";

interface Source {
	lines: Map<number, boolean>;
	/** By name: where it begins, and whether it was reached. */
	functions: Map<string, { line: number; reached: boolean }>;
}

/** A tracefile of lcov (geninfo(1)): lines and functions that a package reached, 1 or 0. */
export function lcov(results: Results): string {
	return results.packages.map(({ name }) => section(name, sourcesOf(results, name))).join("");
}

function sourcesOf(results: Results, pkg: string): Map<string, Source> {
	const sources = new Map<string, Source>();
	for (const { coverage } of coverageOf(results).filter((each) => each.package === pkg)) {
		for (const { file, reached, missed, functions } of coverage.files) {
			const source = sources.get(file) ?? { lines: new Map(), functions: new Map() };
			sources.set(file, source);
			for (const line of linesIn(missed)) source.lines.set(line, source.lines.get(line) ?? false);
			for (const line of linesIn(reached)) source.lines.set(line, true);
			for (const { name, line, reached } of functions) {
				const known = source.functions.get(name)?.reached ?? false;
				source.functions.set(name, { line, reached: reached || known });
			}
		}
	}
	return sources;
}

function section(pkg: string, sources: ReadonlyMap<string, Source>): string {
	return [...sources]
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([file, { lines, functions }]) => {
			const records = [
				// A test's name may have letters, digits and underscores only.
				`TN:${pkg.replace(/[^A-Za-z0-9_]/g, "_")}`,
				`SF:${oneLine(file)}`,
				...[...functions].map(([name, { line }]) => `FN:${line},${oneLine(name)}`),
				...[...functions].map(([name, { reached }]) => `FNDA:${count(reached)},${oneLine(name)}`),
				`FNF:${functions.size}`,
				`FNH:${[...functions.values()].filter(({ reached }) => reached).length}`,
				...[...lines].sort(([a], [b]) => a - b).map(([line, reached]) => `DA:${line},${count(reached)}`),
				`LF:${lines.size}`,
				`LH:${[...lines.values()].filter((reached) => reached).length}`,
				"end_of_record",
			];
			return `${records.join("\n")}\n`;
		})
		.join("");
}

const count = (reached: boolean) => (reached ? 1 : 0);
/** Names come from the object. */
const oneLine = (text: string) => text.replace(/[\r\n]/g, " ");
