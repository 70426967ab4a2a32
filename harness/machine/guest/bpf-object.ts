// SPDX-License-Identifier: Apache-2.0

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { undecided } from "../../data/reasons/registry/registry.js";

/** Path of an object of `bpf/` for guests of an architecture (`uname -m`). */
export function bpfObjectPath(arch: string, name: string): string {
	return fileURLToPath(new URL(`../../../build/bpf/${arch}/${name}.bpf.o`, import.meta.url));
}

/** bpfgate's own object, from `bpf/<name>.bpf.c`. @throws UndecidedError `not-built` */
export async function bpfObject(arch: string, name: string): Promise<Uint8Array> {
	const path = bpfObjectPath(arch, name);
	return readFile(path).catch((cause: unknown) => {
		throw undecided("not-built", { path }, { cause });
	});
}
