// SPDX-License-Identifier: Apache-2.0
import { chmod, copyFile, cp, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { withTemporaryFolder } from "../base/host-files.js";
import { unpacked } from "../machine/debian/testunpacked.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { storedKernel } from "../machine/kernel/store.js";

export const testModule = "bpf_testmod";

/** Its compiler builds Debian's kernels of these lines; it needs libc 2.38. */
const toolSuite = "trixie";
const tools = [
	...["gcc-14-x86-64-linux-gnu", "cpp-14-x86-64-linux-gnu", "libgmp10", "libmpfr6", "libmpc3", "libisl23"],
	...["pahole", "libbpf1", "libdw1t64", "libelf1t64", "liblzma5", "libbz2-1.0"],
	...["libc6", "libstdc++6", "libgcc-s1", "libssl3t64", "zlib1g", "libzstd1"],
];
const libraryFolder = "usr/lib/x86_64-linux-gnu";
/** Programs of linux-kbuild by what kbuild calls: some only start another. */
const kbuildTools = {
	"scripts/basic/fixdep": "scripts/basic/fixdep",
	"scripts/genksyms/genksyms": "scripts/genksyms/genksyms",
	"scripts/mod/modpost": "scripts/mod/modpost.real-lsb-64",
	"tools/objtool/objtool": "tools/objtool/objtool.real-x86",
	"tools/bpf/resolve_btfids/resolve_btfids": "tools/bpf/resolve_btfids/resolve_btfids",
};

/** Where the sources of bpf_testmod are, in 6.12 and before, and later. */
export const moduleFolders = ["bpf_testmod", "test_kmods"];

/**
 * Builds bpf_testmod of the selftests for this very kernel, with Debian's headers of it and the
 * compiler that they ask for. None of them is installed.
 * @param selftests `tools/testing/selftests/bpf` of the kernel's source
 * @param module where the module is kept
 * @throws UndecidedError `package-not-in-archive`, `mirror-unreachable`, `download-failed`
 */
export async function buildTestModule(kernel: Kernel, selftests: string, module: string): Promise<void> {
	const suite = (await storedKernel(kernel.id))?.packages[0]?.suite ?? "";
	const flavour = /-(?:[a-z]+-)?amd64$/.exec(kernel.release)?.[0] ?? "";
	const abi = kernel.release.slice(0, kernel.release.length - flavour.length);
	const common = `linux-headers-${abi}-common`;
	const headers = `linux-headers-${kernel.release}`;
	const kbuild = `linux-kbuild-${abi}`;
	const shipped = await unpacked(suite, [headers, common, kbuild]);
	const toolchain = (await unpacked(toolSuite, tools)).folder;
	await withTemporaryFolder(async (root) => {
		await cp(join(shipped.folder, "usr"), join(root, "usr"), { recursive: true, verbatimSymlinks: true });
		for (const [name, real] of Object.entries(kbuildTools)) {
			const folder = (usr: string) => join(usr, "usr/lib", kbuild);
			await writeWrapper(toolchain, join(folder(root), name), join(folder(shipped.folder), real));
		}
		const bin = join(root, "bin");
		const gcc = join(toolchain, "usr/bin/x86_64-linux-gnu-gcc-14");
		await writeWrapper(
			toolchain,
			join(bin, "cc1"),
			join(toolchain, "usr/libexec/gcc/x86_64-linux-gnu/14/cc1"),
		);
		await writeWrapper(toolchain, join(bin, "gcc"), gcc, `-B${bin}/`);
		await writeWrapper(toolchain, join(bin, "pahole"), join(toolchain, "usr/bin/pahole"));
		const source = join(root, "module");
		await copySources(selftests, source);
		const built = join(source, `${testModule}.ko`);
		await execa(
			"make",
			[
				...["-C", join(root, "usr/src", common), `KBUILD_OUTPUT=${join(root, "usr/src", headers)}`],
				...[`M=${source}`, `CC=${join(bin, "gcc")}`, `PAHOLE=${join(bin, "pahole")}`, "modules"],
			],
			{ stdin: "ignore", env: { LC_ALL: "C" } },
		);
		await execa("strip", ["--strip-debug", built]);
		await rename(built, module);
	}, dirname(module));
}

/** A script that runs a program of another Debian with its own libraries. */
async function writeWrapper(toolchain: string, path: string, real: string, ...args: string[]): Promise<void> {
	const libraries = join(toolchain, libraryFolder);
	const words = [
		...[join(libraries, "ld-linux-x86-64.so.2"), "--library-path", libraries, "--argv0", path, real],
		...args,
	];
	await mkdir(dirname(path), { recursive: true });
	// The old one may be a link into what other builds use.
	await rm(path, { force: true });
	await writeFile(path, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
	await chmod(path, 0o755);
}

async function copySources(selftests: string, target: string): Promise<void> {
	await mkdir(target);
	for (const part of moduleFolders) {
		const folder = join(selftests, part);
		if (!(await stat(join(folder, `${testModule}.c`)).catch(() => undefined))) continue;
		for (const file of await readdir(folder))
			if (/^bpf_testmod.*\.[ch]$/.test(file)) await copyFile(join(folder, file), join(target, file));
	}
	await writeFile(join(target, "Makefile"), `obj-m := ${testModule}.o\nCFLAGS_${testModule}.o = -I$(src)\n`);
}
