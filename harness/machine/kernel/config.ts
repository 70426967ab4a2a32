// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";

/** A kernel's build options by name, without `CONFIG_`: `y`, `m`, `n`, a number or a string. */
export type KernelConfig = Map<string, string>;

/** Reads a `.config` (Documentation/kbuild/kconfig.rst). @throws InputError if it is none */
export function parseConfig(file: string, text: string): KernelConfig {
	const config: KernelConfig = new Map();
	for (const line of text.split("\n")) {
		const set = /^CONFIG_(\w+)=(.*)$/.exec(line);
		if (set) config.set(set[1]!, set[2]!.replace(/^"(.*)"$/, "$1"));
		const unset = /^# CONFIG_(\w+) is not set$/.exec(line);
		if (unset) config.set(unset[1]!, "n");
	}
	if (config.size === 0) throw new InputError(file, "", "is not a kernel configuration");
	return config;
}
