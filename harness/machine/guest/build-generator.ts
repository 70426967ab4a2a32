// SPDX-License-Identifier: Apache-2.0
import { machine } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { linkerPath } from "../../data/package/elf/link.js";
import { generatorPath } from "../../data/signing/loader/generate.js";
import { agentFlags, buildLibbpf, findCompiler, linkLibbpf, replacing, run, runAsProgram } from "./build.js";
import { findTool } from "./tool.js";

const programs = [
	{
		path: generatorPath,
		source: "harness/data/signing/loader/gen-loader.c",
		options: ["-Wl,--wrap=bpf_gen__map_create"],
		msgpack: true,
	},
	{ path: linkerPath, source: "harness/data/package/elf/link-objects.c", options: [], msgpack: false },
];

/**
 * Builds the host programs that generate loaders and link objects, against the agent's libbpf.
 * @param say called with one line for each step
 * @throws UndecidedError as `buildAgent`
 */
export async function buildGenerator(say: (line: string) => void): Promise<void> {
	const arch = machine();
	const library = await buildLibbpf(arch, say);
	for (const { path, source, options, msgpack } of programs) {
		say(`${source}: compiling`);
		await replacing(path, async (fresh) => {
			await run(await findCompiler(arch), [
				...[...agentFlags, ...options, "-static", "-s"],
				...["-isystem", join(library, "include"), "-isystem", join(library, "uapi")],
				...[fileURLToPath(new URL(`../../../${source}`, import.meta.url)), "-o", fresh],
				...(await linkLibbpf(library, arch)),
				...(msgpack ? [await findTool("libmsgpackc")] : []),
			]);
		});
		say(`${source}: ${path}`);
	}
}

await runAsProgram(import.meta.url, (_, say) => buildGenerator(say));
