// SPDX-License-Identifier: Apache-2.0

import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { UndecidedError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";

const script = fileURLToPath(new URL("../../../ci/tool", import.meta.url));

/** What ci/requirements.txt lists by name, and has several names for, or a place outside PATH. */
export type Tool = "clang" | "gcc" | "llvm-strip" | "mke2fs" | "libmsgpackc";

const found = new Map<Tool, Promise<string>>();

/**
 * The command, or a library's link option, that does what bpfgate needs: `/usr/bin/clang-19`.
 * @throws UndecidedError `tool-missing`
 */
export function findTool(name: Tool): Promise<string> {
	const tool = found.get(name) ?? search(name);
	found.set(name, tool);
	return tool;
}

async function search(name: Tool): Promise<string> {
	const { stdout, failed, stderr } = await execa(script, [name], { reject: false, stdin: "ignore" });
	if (failed) throw toolMissing(name, stderr);
	return stdout;
}

/** @param said by ci/tool: `gcc is missing: not on PATH: apt install gcc, …` */
function toolMissing(name: string, said: string): UndecidedError {
	const [, message, advice] = /^(.*): (apt install .*)$/m.exec(said) ?? [];
	return undecided("tool-missing", {
		what: message || `${name} is missing`,
		tool: name,
		...(advice ? { advice } : {}),
	});
}

export async function missingTool(name: string): Promise<UndecidedError> {
	const { stderr } = await execa(script, [name], { reject: false, stdin: "ignore" });
	return toolMissing(name, stderr);
}
