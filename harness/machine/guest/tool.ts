// SPDX-License-Identifier: Apache-2.0

import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { UndecidedError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";

const script = fileURLToPath(new URL("../../../ci/tool", import.meta.url));

/**
 * The command for a tool in a version that ci/requirements.txt accepts: `clang` may be clang-19.
 *
 * @throws UndecidedError `tool-missing`
 */
export async function findTool(name: "clang" | "llvm-strip"): Promise<string> {
	const { stdout, failed, stderr } = await execa(script, [name], { reject: false, stdin: "ignore" });
	if (failed) throw toolMissing(name, stderr);
	return stdout;
}

/** @param said by ci/tool: `gcc is not installed, or too old: apt install gcc, …` */
function toolMissing(name: string, said: string): UndecidedError {
	const [message, advice] = said.split(": ");
	return undecided("tool-missing", {
		what: message || `${name} is not installed`,
		tool: name,
		...(advice ? { advice } : {}),
	});
}

/** The error for a command that is not installed. */
export async function missingTool(name: string): Promise<UndecidedError> {
	const { stderr } = await execa(script, [name], { reject: false, stdin: "ignore" });
	return toolMissing(name, stderr);
}
