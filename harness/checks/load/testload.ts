// SPDX-License-Identifier: Apache-2.0
import { basename, resolve } from "node:path";
import type { CaseResult } from "../../base/results.js";
import { openPackage, type Package } from "../../data/package/package.js";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";

/** A package of one source of `testdata/`, or of an absolute path without `.bpf.c`, compiled. */
export async function packageOf(
	source: string,
	manifest: Record<string, unknown> = {},
	settings: Record<string, unknown> = {},
	...flags: string[]
): Promise<Package> {
	return packageWith({}, source, manifest, settings, ...flags);
}

/** As `packageOf`, with further files by their path in the package. */
export async function packageWith(
	files: Record<string, Uint8Array | string>,
	source: string,
	manifest: Record<string, unknown>,
	settings: Record<string, unknown> = {},
	...flags: string[]
): Promise<Package> {
	const object = await compileBpf(resolve(import.meta.dirname, "testdata", `${source}.bpf.c`), ...flags);
	const name = basename(source);
	const file = `${name}.bpf.o`;
	const json = JSON.stringify({ name, version: "1", objects: [{ file, ...settings }], ...manifest });
	await using folder = await temporaryFolder({ ...files, "bpfgate.json": json, [file]: object });
	return await openPackage(folder.path);
}

/** `pass`, or outcome and code: `fail misaligned`. */
export function said({ outcome, reason }: Pick<CaseResult, "outcome" | "reason">): string {
	return outcome === "pass" ? "pass" : `${outcome} ${reason?.code}`;
}
