// SPDX-License-Identifier: Apache-2.0
import { readdir } from "node:fs/promises";
import { machine } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isLittleEndian } from "../../base/struct.js";
import { bpfObjectPath } from "./bpf-object.js";
import { buildLibbpf, replacing, run, runAsProgram } from "./build.js";
import { findTool } from "./tool.js";

const sources = fileURLToPath(new URL("../../../harness/machine/guest/bpf", import.meta.url));
const flags = ["-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror"];

/**
 * Compiles bpfgate's own BPF programs (`bpf/*.bpf.c`); `arch` as in `uname -m`.
 * @throws InputError for an unknown architecture; UndecidedError `tool-missing`, `build-failed`
 */
export async function buildBpf(arch: string, say: (line: string) => void): Promise<void> {
	const library = await buildLibbpf(arch, say);
	const clang = await findTool("clang");
	for (const file of await readdir(sources)) {
		if (!file.endsWith(".bpf.c")) continue;
		const object = bpfObjectPath(arch, file.slice(0, -".bpf.c".length));
		say(`${file} ${arch}: compiling`);
		await replacing(object, async (fresh) => {
			await run(clang, [
				...["-target", isLittleEndian(arch) ? "bpfel" : "bpfeb", ...flags, `-ffile-prefix-map=${sources}/=`],
				...["-isystem", join(library, "include"), "-isystem", join(library, "uapi")],
				...["-idirafter", `/usr/include/${machine()}-linux-gnu`, "-c", join(sources, file), "-o", fresh],
			]);
			// Keeps .BTF and .BTF.ext.
			await run(await findTool("llvm-strip"), ["-g", fresh]);
		});
	}
}

await runAsProgram(import.meta.url, buildBpf);
