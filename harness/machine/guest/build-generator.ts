// SPDX-License-Identifier: Apache-2.0
import { mkdir, rename, rm } from "node:fs/promises";
import { machine } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, UndecidedError } from "../../base/errors.js";
import { generatorPath } from "../../data/signing/loader/generate.js";
import { agentFlags, buildLibbpf, findCompiler, linkLibbpf, run } from "./build.js";
import { findTool } from "./tool.js";

const source = fileURLToPath(new URL("../../../harness/data/signing/loader/gen-loader.c", import.meta.url));

/**
 * Builds the host program that generates loaders (harness/data/signing/loader/gen-loader.c) against
 * the agent's libbpf.
 *
 * @param say called with one line for each step
 * @throws UndecidedError as `buildAgent`
 */
export async function buildGenerator(say: (line: string) => void): Promise<void> {
	const arch = machine();
	const library = await buildLibbpf(arch, say);
	say("loader generator: compiling");
	await mkdir(dirname(generatorPath), { recursive: true });
	const fresh = `${generatorPath}.${process.pid}`;
	try {
		await run(await findCompiler(arch), [
			...agentFlags,
			"-Wl,--wrap=bpf_gen__map_create",
			...["-static", "-s", "-isystem", join(library, "include"), "-isystem", join(library, "uapi")],
			...[source, "-o", fresh, ...(await linkLibbpf(library, arch)), await findTool("libmsgpackc")],
		]);
		await rename(fresh, generatorPath);
	} finally {
		await rm(fresh, { force: true });
	}
	say(`loader generator: ${generatorPath}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		await buildGenerator((line) => console.log(line));
	} catch (error) {
		if (!(error instanceof UndecidedError || error instanceof InputError)) throw error;
		console.error(error instanceof UndecidedError ? `${error.message}\n${error.hint}` : error.message);
		process.exitCode = error instanceof UndecidedError ? 3 : 2;
	}
}
