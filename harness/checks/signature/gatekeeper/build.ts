// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { machine } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { replaceFile, withTemporaryFolder } from "../../../debian/files.js";
import { UndecidedError } from "../../../errors.js";
import { toolFor } from "../../../guest/architecture.js";
import { buildLibbpf } from "../../../guest/build.js";
import { artifactFolder, gatekeepers, imageBytes, objectFile, sourceFolder } from "./artifacts.js";

const bpfFlags = ["-target", "bpf", "-mcpu=v3", "-O2", "-g"];
const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"];

/**
 * Builds the gatekeepers, what attacks them and an empty file system, for guests of an architecture.
 *
 * @param flags more for the BPF sources: `-DINVERTED` makes gatekeepers that admit what they should deny
 * @throws InputError for an unknown architecture; UndecidedError `tool-missing`, `build-failed`
 */
export async function buildGatekeepers(
	arch: string,
	say: (line: string) => void,
	folder = artifactFolder(arch),
	flags: readonly string[] = [],
): Promise<void> {
	const libbpf = await buildLibbpf(arch, say);
	const includes = ["-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi")];
	say(`gatekeepers ${arch}: compiling`);
	await withTemporaryFolder(async (work) => {
		const compile = (source: string, target: string, more: readonly string[]) =>
			run(process.env.CLANG ?? "clang-19", [
				...bpfFlags,
				...warnings,
				...flags,
				...more,
				...includes,
				...["-idirafter", `/usr/include/${machine()}-linux-gnu`],
				`-D__TARGET_ARCH_${bpfArch(arch)}`,
				...["-c", join(sourceFolder, "bpf", source), "-o", join(work, target)],
			]);
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
		await makeFileSystem(join(work, "verity.ext4"));
		for (const file of await readdir(work)) await replaceFile(join(folder, file), await readFile(join(work, file)));
	});
	say(`gatekeepers ${arch}: ${folder}`);
}

/** Without a journal all that is not zero is at the beginning; the rest is left out. */
async function makeFileSystem(path: string): Promise<void> {
	const options = ["-q", "-F", "-t", "ext4", "-O", "verity,^has_journal", "-b", "4096", "-N", "32", "-m", "0"];
	await run("mke2fs", [...options, "-E", "lazy_itable_init=0", path, `${imageBytes >> 10}k`]);
	const image = await readFile(path);
	let end = image.length;
	while (end > 0 && image[end - 1] === 0) end--;
	await rm(path);
	await replaceFile(`${path}.cut`, image.subarray(0, end));
	await rename(`${path}.cut`, path);
}

/** What bpf/bpf_tracing.h calls it. */
function bpfArch(arch: string): string {
	return arch === "x86_64" ? "x86" : arch === "aarch64" ? "arm64" : "s390";
}

async function run(tool: string, args: string[]): Promise<void> {
	const path = `${process.env.PATH ?? ""}:/usr/sbin:/sbin`;
	const env = { LC_ALL: "C", PATH: path };
	const result = await execa(tool, args, { reject: false, all: true, stdin: "ignore", env });
	if (result.code === "ENOENT") {
		throw new UndecidedError(
			"tool-missing",
			`${tool}: not installed`,
			"apt install clang-19 gcc libc6-dev libelf-dev zlib1g-dev e2fsprogs",
		);
	}
	if (result.failed) {
		const first = result.all.split("\n").find((line) => /error/i.test(line)) ?? result.shortMessage;
		const hint = "this is a defect of bpfgate or of the tools";
		throw new UndecidedError("build-failed", `${basename(tool)}: ${first}`, hint);
	}
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
