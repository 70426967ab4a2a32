// SPDX-License-Identifier: Apache-2.0
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import pc from "picocolors";
import { printable } from "../../../base/printable.js";

/** What changes in a text file, as `diff -u` has it, with three lines around each change. */
export function unifiedDiff(name: string, before: string, after: string, colour: boolean): string {
	const patch = createTwoFilesPatch(name, name, before, after, undefined, undefined, {
		context: 3,
		headerOptions: FILE_HEADERS_ONLY,
	});
	const { red, green, cyan, bold } = pc.createColors(colour);
	const paint = (line: string) => {
		if (line.startsWith("--- ") || line.startsWith("+++ ")) return bold(line);
		if (line.startsWith("@@")) return cyan(line);
		return line.startsWith("+") ? green(line) : line.startsWith("-") ? red(line) : line;
	};
	const safe = (line: string) => line.split("\t").map(printable).join("\t");
	return patch
		.replace(/\n$/, "")
		.split("\n")
		.map((line) => `${paint(safe(line))}\n`)
		.join("");
}
