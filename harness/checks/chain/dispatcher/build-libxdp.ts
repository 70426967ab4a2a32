// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { undecided } from "../../../data/reasons/registry/registry.js";
import {
	agentFlags,
	buildLibbpf,
	findArchive,
	findCompiler,
	linkLibbpf,
	replacing,
	run,
	runAsProgram,
} from "../../../machine/guest/build.js";
import { libxdpPath } from "./libxdp.js";

const source = fileURLToPath(
	new URL("../../../../harness/checks/chain/dispatcher/libxdp.c", import.meta.url),
);

/**
 * Builds the guests' program from libxdp.c, the installed libxdp and the agent's libbpf.
 * @throws InputError for an unknown architecture; UndecidedError as `buildAgent`
 */
export async function buildLibxdp(arch: string, say: (line: string) => void): Promise<void> {
	const library = await buildLibbpf(arch, say);
	const compiler = await findCompiler(arch);
	const archive = await findArchive(compiler, "xdp");
	if (archive === undefined)
		throw undecided("tool-missing", {
			what: `${compiler}: libxdp.a is not installed`,
			tool: "libxdp-dev (Fedora: libxdp-devel libxdp-static)",
		});
	say(`libxdp ${arch}: compiling`);
	const path = libxdpPath(arch);
	await replacing(path, async (fresh) => {
		await run(compiler, [
			...agentFlags,
			...["-static", "-s", "-Wl,--wrap=bpf_prog_load"],
			...["-isystem", `${library}/include`, "-isystem", `${library}/uapi`],
			...[source, "-o", fresh, archive, ...(await linkLibbpf(library, arch))],
		]);
	});
	say(`libxdp ${arch}: ${path}`);
}

await runAsProgram(import.meta.url, buildLibxdp);
