// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { afterAll, describe, expect, it } from "vitest";

const checkout = fileURLToPath(new URL("../", import.meta.url));
const readme = readFileSync(join(checkout, "harness/README.md"), "utf8");
const order = [...readme.matchAll(/^\| `([a-z]+)` /gm)].map((match) => match[1]!);
/** These two see data only, though they stand further down. */
const data = ["uapi", "schema", "results"];
const narrow = new Map([
	["reasons", data],
	["report", [...data, "packet", "capture"]],
]);

function mayImport(folder: string, other: string): boolean {
	if (folder === other) return true;
	const seen = narrow.get(folder);
	if (seen) return seen.includes(other);
	return order.indexOf(other) < order.indexOf(folder);
}

describe("the import direction of harness/", () => {
	const scratch = mkdtempSync(join(tmpdir(), "bpfgate-imports-"));
	afterAll(() => rmSync(scratch, { recursive: true }));

	it("names every folder that there is", () => {
		const folders = readdirSync(join(checkout, "harness"), { withFileTypes: true })
			.filter((entry) => entry.isDirectory())
			.map((entry) => entry.name)
			.filter((name) => name !== "bench");
		expect(order).toEqual(expect.arrayContaining(folders));
	});

	it("is what the linter enforces, for every folder and every other", () => {
		writeFileSync(join(scratch, "biome.json"), readFileSync(join(checkout, "biome.json")));
		for (const folder of order) {
			mkdirSync(join(scratch, "harness", folder, "deeper"), { recursive: true });
			for (const [file, up] of [
				["probe.ts", "../"],
				["deeper/probe.ts", "../../"],
			] as const) {
				const lines = order.map((other) => `import "${up}${other}/probe.js";\n`);
				writeFileSync(join(scratch, "harness", folder, file), lines.join(""));
			}
		}
		const refused = lint(scratch);
		const wanted = order.flatMap((folder) =>
			["probe.ts", "deeper/probe.ts"].flatMap((file) =>
				order
					.filter((other) => !mayImport(folder, other))
					.map((other) => `harness/${folder}/${file}: ${other}`),
			),
		);
		expect(refused.sort()).toEqual(wanted.sort());
		expect(wanted.length).toBeGreaterThan(order.length);
	});
});

interface Diagnostic {
	category: string;
	location: { path: string; start: { line: number } };
}

/** `file: folder` for each import that the linter refuses. */
function lint(folder: string): string[] {
	const { stdout } = execaSync(
		join(checkout, "node_modules/.bin/biome"),
		["lint", "--reporter=json", "--max-diagnostics=none", "--vcs-enabled=false"],
		{ cwd: folder, reject: false },
	);
	const { diagnostics }: { diagnostics: Diagnostic[] } = JSON.parse(stdout);
	return diagnostics
		.filter(({ category }) => category === "lint/style/noRestrictedImports")
		.map(({ location }) => `${location.path}: ${order[location.start.line - 1]}`);
}
