// SPDX-License-Identifier: Apache-2.0
import { mkdir, rename, rm } from "node:fs/promises";
import { machine } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, UndecidedError } from "../../../base/errors.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import {
	agentFlags,
	buildLibbpf,
	findArchive,
	findCompiler,
	linkLibbpf,
	run,
} from "../../../machine/guest/build.js";
import { libxdpPath } from "./libxdp.js";

const source = fileURLToPath(
	new URL("../../../../harness/checks/chain/dispatcher/libxdp.c", import.meta.url),
);

/**
 * Builds the program that makes dispatchers in guests: libxdp.c with the installed libxdp, whose
 * archive has the dispatcher itself in it, and the agent's libbpf.
 *
 * @param say gets one line for each step
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
	await mkdir(dirname(path), { recursive: true });
	const fresh = `${path}.${process.pid}`;
	try {
		await run(compiler, [
			...agentFlags,
			...["-static", "-s", "-Wl,--wrap=bpf_prog_load"],
			...["-isystem", `${library}/include`, "-isystem", `${library}/uapi`],
			...[source, "-o", fresh, archive, ...(await linkLibbpf(library, arch))],
		]);
		await rename(fresh, path);
	} finally {
		await rm(fresh, { force: true });
	}
	say(`libxdp ${arch}: ${path}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		await buildLibxdp(process.argv[2] ?? machine(), (line) => console.log(line));
	} catch (error) {
		if (!(error instanceof UndecidedError || error instanceof InputError)) throw error;
		console.error(error instanceof UndecidedError ? `${error.message}\n${error.hint}` : error.message);
		process.exitCode = error instanceof UndecidedError ? 3 : 2;
	}
}
