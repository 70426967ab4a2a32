// SPDX-License-Identifier: Apache-2.0
import { machine } from "node:os";
import { fileURLToPath } from "node:url";
import { agentFlags, findCompiler, replacing, run, runAsProgram } from "../guest/build.js";
import { confinePath } from "./confine.js";

const sources = ["confine.c", "confine-calls.c"].map((name) =>
	fileURLToPath(new URL(`../../../harness/machine/vm/${name}`, import.meta.url)),
);

/**
 * Builds the host program that confines QEMU.
 * @param say called with one line for each step
 * @throws UndecidedError `tool-missing`, `build-failed`
 */
export async function buildConfine(say: (line: string) => void): Promise<void> {
	const compiler = await findCompiler(machine());
	await replacing(confinePath, async (fresh) => {
		await run(compiler, [...agentFlags, "-static", "-s", ...sources, "-o", fresh]);
	});
	say(`confine: ${confinePath}`);
}

await runAsProgram(import.meta.url, (_, say) => buildConfine(say));
