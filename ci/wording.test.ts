// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const checkout = fileURLToPath(new URL("../", import.meta.url));
const maxLines = 350;
const maxColumns = 100;

/** Folders and files whose wording is still to be rewritten; this list only gets shorter. */
const pending = readFileSync(join(checkout, "ci/wording-pending.txt"), "utf8")
	.split("\n")
	.filter((line) => line !== "" && !line.startsWith("#"));

const rules = readFileSync(join(checkout, "ci/wording.txt"), "utf8")
	.split("\n")
	.filter((line) => line !== "" && !line.startsWith("#"))
	.map((line) => {
		const [pattern = "", better = ""] = line.split(" -> ");
		return { pattern: new RegExp(pattern, "i"), better };
	});

/** `line: what is wrong` for each line that a reader stumbles over. */
function stumbles(path: string, text: string): string[] {
	return text.split("\n").flatMap((line, index) => {
		const found = rules.flatMap(({ pattern, better }) => {
			const [words] = pattern.exec(line) ?? [];
			return words === undefined ? [] : [`"${words}": ${better}`];
		});
		if (columnsOf(path, line) > maxColumns) found.push(`more than ${maxColumns} columns`);
		return found.map((each) => `${path}:${index + 1}: ${each}`);
	});
}

/** Of comments and prose; the formatter decides how wide code is. Tabs count as four. */
function columnsOf(path: string, line: string): number {
	const comment = /^\s*(\/\/|\/?\*)/.test(line) && !/\bhttps?:\/\//.test(line);
	const prose = path.endsWith(".md") && !/^\s*\||^\s{4}|^```|https?:\/\//.test(line);
	return comment || prose ? line.replaceAll("\t", "    ").length : 0;
}

const files = ["harness", "docs", "ci", "kernels", "vectors", "programs", "reports", "README.md"]
	.flatMap((root) =>
		root.endsWith(".md")
			? [root]
			: readdirSync(join(checkout, root), { recursive: true, encoding: "utf8" }).map((path) =>
					join(root, path),
				),
	)
	.filter((path) => /\.(ts|c|h|md)$/.test(path) && !/\/(testdata|signatures|out|sample)\//.test(path));

describe("what engineers read", () => {
	it("has none of the turns of ci/wording.txt, and no comment or prose wider than 100 columns", () => {
		const checked = files.filter((path) => !pending.some((folder) => path.startsWith(folder)));
		expect(checked.flatMap((path) => stumbles(path, readFileSync(join(checkout, path), "utf8")))).toEqual([]);
	});

	it(`has no file above ${maxLines} lines in harness/`, () => {
		const long = files
			.filter((path) => path.startsWith("harness/"))
			.map((path) => [path, readFileSync(join(checkout, path), "utf8").split("\n").length - 1] as const)
			.filter(([path, lines]) => lines > maxLines && !pending.includes(`long: ${path}`));
		expect(long).toEqual([]);
	});

	it("lists as pending only what is there", () => {
		const paths = pending.map((line) => line.replace(/^long: /, ""));
		expect(paths.filter((path) => !files.some((file) => file.startsWith(path)))).toEqual([]);
	});
});

it("a turn and a wide comment are found, plain words are not", () => {
	const turn = ["me", "nd"].join("");
	expect(stumbles("x.ts", `// ${turn} the file\n// fix the file`)).toEqual([`x.ts:1: "${turn}": fix`]);
	expect(stumbles("x.ts", `// ${"x".repeat(100)}\nconst x = "${"x".repeat(100)}";`)).toEqual([
		"x.ts:1: more than 100 columns",
	]);
});
