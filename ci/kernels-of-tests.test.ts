// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readCatalog } from "../harness/machine/kernel/catalog.js";

const root = join(import.meta.dirname, "..");

/** Kernels that a test names: `"6.12"`, and `--kernel 6.12` in a session. */
function named(text: string): string[] {
	return [...text.matchAll(/"(\d\.\d{1,3})"|--kernels? ([\d.,]+)/g)].flatMap(
		([, quoted, listed]) => quoted ?? listed!.split(","),
	);
}

it("boots no kernel that ci/setup does not fetch", async () => {
	const { default: fetched, lines } = await readCatalog();
	const known = new Set(lines.map(({ id }) => id));
	const tests = ["harness", "programs"].flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
			.filter((path) => /\.vm\.(test\.ts|txt)$/.test(path))
			.map((path) => join(folder, path)),
	);
	const missing = tests.flatMap((path) =>
		named(readFileSync(join(root, path), "utf8"))
			.filter((id) => known.has(id) && !fetched.includes(id))
			.map((id) => `${path}: ${id}`),
	);
	expect(tests.length).toBeGreaterThan(50);
	expect(missing).toEqual([]);
	expect(named('openKernel("6.19"); $ bpfgate test x --kernels 6.12,7.0\n')).toEqual(["6.19", "6.12", "7.0"]);
});
