// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "./host-files.js";

/** `dist/` of what is installed or built; `harness/` where tests run the sources. */
const code = fileURLToPath(new URL("../", import.meta.url));
/** Programs of bpfgate's own, which its checks bring into guests; not the agent. */
const built = ["bpf", "dispatcher", "gatekeeper", "loader"].map((folder) => join(code, "../build", folder));

let known: Promise<string> | undefined;

/**
 * A digest of the code that judges: of bpfgate, of what it builds, and the version of Node. Two
 * builds of one version have two.
 */
export function programDigest(): Promise<string> {
	// The bundle holds all that the command line and the library run.
	const bundle = join(code, "bin");
	known ??= digestOf([existsSync(bundle) ? bundle : code, ...built]);
	return known;
}

/** Of the names and contents of the files below some folders. */
export async function digestOf(folders: readonly string[]): Promise<string> {
	const hash = createHash("sha256").update(process.version);
	for (const [index, folder] of folders.entries())
		for (const name of await filesBelow(folder))
			hash.update(JSON.stringify([index, name, sha256(await readFile(join(folder, name)))]));
	return hash.digest("hex");
}

/** What decides no result is left out: tests, types, source maps. */
const aside = /\.test\.ts$|\.d\.ts$|\.map$/;

async function filesBelow(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
	return entries
		.filter((entry) => entry.isFile() && !aside.test(entry.name))
		.map((entry) => relative(folder, join(entry.parentPath, entry.name)))
		.sort();
}
