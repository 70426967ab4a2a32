// SPDX-License-Identifier: Apache-2.0

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { machine } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isLittleEndian } from "../../../base/byte-order.js";
import { UndecidedError } from "../../../base/errors.js";
import { replaceFile, withTemporaryFolder } from "../../../base/host-files.js";
import { toolFor } from "../../../machine/guest/architecture.js";
import { buildLibbpf, run } from "../../../machine/guest/build.js";
import { findTool } from "../../../machine/guest/tool.js";
import { artifactFolder, gatekeepers, imageBytes, objectFile, sourceFolder } from "./artifacts.js";

const bpfFlags = ["-mcpu=v3", "-O2", "-g"];
const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"];

export interface BuildOptions {
	/** Where to put it. Default: `artifactFolder`. */
	folder?: string;
	/** Of the BPF programs. Default: those of bpfgate; tests sabotage copies. */
	sources?: string;
}

/**
 * Builds the gatekeepers, what attacks them, what loads by a token and an empty file system, for
 * guests of an architecture.
 *
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
				`-D__TARGET_ARCH_${bpfArch(arch)}`,
				...["-c", join(sources, source), "-o", join(work, target)],
			]);
			// Leaves .BTF and .BTF.ext.
			await run(await findTool("llvm-strip"), ["-g", join(work, target)]);
		};
		for (const name of gatekeepers) {
			const plain = name.replace("-hardened", "");
			await compile(`gatekeeper-${plain}.bpf.c`, objectFile(name), name === plain ? [] : ["-DHARDENED"]);
		}
		await compile("attack.bpf.c", "attack.bpf.o", []);
		await run(toolFor(arch, "gcc"), [
			...["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", ...includes],
			...[join(sourceFolder, "intruder.c"), "-o", join(work, "intruder")],
			...[join(libbpf, arch, "libbpf.a"), "-lelf", "-lz"],
		]);
		await run(toolFor(arch, "gcc"), [
			...["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s", ...includes],
			...[join(sourceFolder, "../token-loader.c"), "-o", join(work, "token-loader")],
		]);
		await makeFileSystem(join(work, "verity.ext4"));
		for (const file of await readdir(work))
			await replaceFile(join(folder, file), await readFile(join(work, file)));
	});
	say(`gatekeepers ${arch}: ${folder}`);
}

/** Without a journal all that is not zero is at the beginning; the rest is left out. */
async function makeFileSystem(path: string): Promise<void> {
	const options = "-q -F -t ext4 -O verity,^has_journal -b 4096 -N 32 -m 0 -E lazy_itable_init=0";
	const tool = existsSync("/usr/sbin/mke2fs") ? "/usr/sbin/mke2fs" : "mke2fs";
	await run(tool, [...options.split(" "), path, `${imageBytes >> 10}k`]);
	const image = await readFile(path);
	let end = image.length;
	while (end > 0 && image[end - 1] === 0) end--;
	await replaceFile(path, image.subarray(0, end));
}

/** What bpf/bpf_tracing.h calls it. */
function bpfArch(arch: string): string {
	return arch === "x86_64" ? "x86" : arch === "aarch64" ? "arm64" : "s390";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		await buildGatekeepers(process.argv[2] ?? machine(), (line) => console.log(line));
	} catch (error) {
		if (!(error instanceof UndecidedError)) throw error;
		console.error(`${error.message}\n${error.hint}`);
		process.exitCode = 3;
	}
}
