// SPDX-License-Identifier: Apache-2.0
import { machine } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generatorPath } from "../../data/signing/loader/generate.js";
import { agentFlags, buildLibbpf, findCompiler, linkLibbpf, replacing, run, runAsProgram } from "./build.js";
import { findTool } from "./tool.js";

const source = fileURLToPath(new URL("../../../harness/data/signing/loader/gen-loader.c", import.meta.url));

/** Builds the program that generates loaders with the agent's libbpf; errors as `buildAgent`. */
export async function buildGenerator(say: (line: string) => void): Promise<void> {
	const arch = machine();
	const library = await buildLibbpf(arch, say);
	say("loader generator: compiling");
	await replacing(generatorPath, async (fresh) => {
		await run(await findCompiler(arch), [
			...agentFlags,
			"-Wl,--wrap=bpf_gen__map_create",
			...["-static", "-s", "-isystem", join(library, "include"), "-isystem", join(library, "uapi")],
			...[source, "-o", fresh, ...(await linkLibbpf(library, arch)), await findTool("libmsgpackc")],
		]);
	});
	say(`loader generator: ${generatorPath}`);
}

await runAsProgram(import.meta.url, (_, say) => buildGenerator(say));
