// SPDX-License-Identifier: Apache-2.0
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../../base/errors.js";
import { isLittleEndian } from "../../../base/struct.js";
import {
	agentFlags,
	buildLibbpf,
	findCompiler,
	linkLibbpf,
	replacing,
	run,
	runAsProgram,
} from "../../../machine/guest/build.js";
import { findTool } from "../../../machine/guest/tool.js";
import { watcherPath } from "./watcher-path.js";

export { watcherPath };

const folder = fileURLToPath(new URL("../../../../harness/checks/takeover/watcher", import.meta.url));

/** Names that libbpf's bpf_tracing.h has for machines, whose registers a kprobe reads. */
const targets: Record<string, string> = {
	...{ x86_64: "x86", aarch64: "arm64", riscv64: "riscv", s390x: "s390", ppc64le: "powerpc" },
};

/**
 * Builds watch-hooks with its BPF part in it: one static program.
 * @throws InputError for an unknown architecture; UndecidedError as `buildAgent`
 */
export async function buildWatcher(arch: string, say: (line: string) => void): Promise<void> {
	const library = await buildLibbpf(arch, say);
	const target = targets[arch];
	if (target === undefined)
		throw new InputError(arch, "", "is an architecture that watch-hooks does not support");
	const includes = ["-isystem", join(library, "include"), "-isystem", join(library, "uapi")];
	const path = watcherPath(arch);
	const object = `${path}.bpf.o`;
	say(`watch-hooks ${arch}: compiling`);
	await replacing(object, async (fresh) => {
		await run(await findTool("clang"), [
			...["-target", isLittleEndian(arch) ? "bpfel" : "bpfeb", "-mcpu=v3", "-O2", "-g"],
			...["-Wall", "-Wextra", "-Werror", `-D__TARGET_ARCH_${target}`, `-ffile-prefix-map=${folder}/=`],
			...[...includes, "-idirafter", `/usr/include/${arch}-linux-gnu`],
			...["-c", join(folder, "bpf/watch-hooks.bpf.c"), "-o", fresh],
		]);
		await run(await findTool("llvm-strip"), ["-g", fresh]);
	});
	const sources = (await readdir(folder)).filter((name) => name.endsWith(".c")).sort();
	await replacing(path, async (fresh) => {
		await run(await findCompiler(arch), [
			...[...agentFlags, "-static-pie", "-s", `-DPROBE_OBJECT="${object}"`, ...includes],
			...sources.map((name) => join(folder, name)),
			...["-o", fresh, ...(await linkLibbpf(library, arch))],
		]);
	});
	say(`watch-hooks ${arch}: ${path}`);
}

await runAsProgram(import.meta.url, buildWatcher);
