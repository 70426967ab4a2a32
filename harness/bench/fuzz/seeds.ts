// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));

/** Files below a folder of the checkout whose path from there matches, in order of their paths. */
export function filesOf(folder: string, pattern: RegExp): Uint8Array[] {
	const top = join(checkout, folder);
	return readdirSync(top, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name))
		.filter((path) => pattern.test(path.slice(top.length + 1)))
		.sort()
		.map((path) => readFileSync(path));
}

/** A package of the checkout. */
export function examplePath(name: string): string {
	return join(checkout, "programs", name);
}
