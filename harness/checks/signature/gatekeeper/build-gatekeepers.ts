// SPDX-License-Identifier: Apache-2.0

import { readdir, readFile } from "node:fs/promises";
import { machine } from "node:os";
import { join } from "node:path";
import { replaceFile, withTemporaryFolder } from "../../../base/host-files.js";
import { isLittleEndian } from "../../../base/struct.js";
import { buildLibbpf, findCompiler, linkLibbpf, run, runAsProgram } from "../../../machine/guest/build.js";
import { findTool } from "../../../machine/guest/tool.js";
import {
	artifactFolder,
	gatekeepers,
	imageBytes,
	isHardened,
	kindOf,
	objectFile,
	sourceFolder,
	tokenLoaderSource,
} from "./artifacts.js";

const bpfFlags = ["-mcpu=v3", "-O2", "-g"];
const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"];

export interface BuildOptions {
	/** Target folder; default: `artifactFolder`. */
	folder?: string;
	/** Folder with the BPF sources; default: bpfgate's own. Tests sabotage copies. */
	sources?: string;
}

/**
 * Builds for guests of an architecture: the gatekeepers, the programs that attack them, the program
 * that loads with a token, and an empty file system with fs-verity.
 * @throws InputError for an unknown architecture; UndecidedError `tool-missing`, `build-failed`
 */
export async function buildGatekeepers(
	arch: string,
	say: (line: string) => void,
	{ folder = artifactFolder(arch), sources = join(sourceFolder, "bpf") }: BuildOptions = {},
): Promise<void> {
	const libbpf = await buildLibbpf(arch, say);
	const includes = ["-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi")];
	say(`gatekeepers ${arch}: compiling`);
	await withTemporaryFolder(async (work) => {
		const compile = async (source: string, target: string, more: readonly string[]) => {
			await run(await findTool("clang"), [
				...["-target", isLittleEndian(arch) ? "bpfel" : "bpfeb"],
				...bpfFlags,
				...warnings,
				...more,
				...includes,
				...["-idirafter", `/usr/include/${machine()}-linux-gnu`],
				...[`-D__TARGET_ARCH_${bpfArch(arch)}`, `-ffile-prefix-map=${sources}/=`],
				...["-c", join(sources, source), "-o", join(work, target)],
			]);
			// Leaves .BTF and .BTF.ext.
			await run(await findTool("llvm-strip"), ["-g", join(work, target)]);
		};
		for (const name of gatekeepers) {
			const source = `gatekeeper-${kindOf(name)}.bpf.c`;
			await compile(source, objectFile(name), isHardened(name) ? ["-DHARDENED"] : []);
		}
		await compile("attack.bpf.c", "attack.bpf.o", []);
		await run(await findCompiler(arch), [
			...["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", ...includes],
			...[join(sourceFolder, "intruder.c"), "-o", join(work, "intruder")],
			...(await linkLibbpf(libbpf, arch)),
		]);
		await run(await findCompiler(arch), [
			...["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", ...includes],
			...[tokenLoaderSource, "-o", join(work, "token-loader")],
		]);
		await makeFileSystem(join(work, "verity.ext4"));
		for (const file of await readdir(work))
			await replaceFile(join(folder, file), await readFile(join(work, file)));
	});
	say(`gatekeepers ${arch}: ${folder}`);
}

/** Without a journal, only the beginning is not zero; the zeros at the end are left out. */
async function makeFileSystem(path: string): Promise<void> {
	const id = "b9f6a7e0-0000-4000-8000-000000000000";
	const options = `-q -F -t ext4 -O verity,^has_journal -b 4096 -N 32 -m 0 -U ${id} -E lazy_itable_init=0,hash_seed=${id}`;
	await run(await findTool("mke2fs"), [...options.split(" "), path, `${imageBytes >> 10}k`]);
	const image = await readFile(path);
	let end = image.length;
	while (end > 0 && image[end - 1] === 0) end--;
	await replaceFile(path, image.subarray(0, end));
}

/** The architecture as bpf/bpf_tracing.h names it. */
function bpfArch(arch: string): string {
	return arch === "x86_64" ? "x86" : arch === "aarch64" ? "arm64" : "s390";
}

await runAsProgram(import.meta.url, buildGatekeepers);
