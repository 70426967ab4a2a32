// SPDX-License-Identifier: Apache-2.0
import { machine } from "node:os";
import { InputError } from "../../base/errors.js";

/** Prefix of the GNU tools for each guest architecture, by its name in `uname -m`. */
const prefixes: Record<string, string> = {
	x86_64: "x86_64-linux-gnu-",
	aarch64: "aarch64-linux-gnu-",
	s390x: "s390x-linux-gnu-",
};

/** Architectures that an agent can be built for. */
export const architectures = Object.keys(prefixes);

/** The compiler or archiver for guests of an architecture. @throws InputError: unknown */
export function toolFor(arch: string, tool: "gcc" | "ar", host: string = machine()): string {
	const prefix = prefixes[arch];
	if (prefix === undefined) {
		throw new InputError(arch, "", `the agent cannot be built for it, only for ${architectures.join(", ")}`);
	}
	return arch === host ? tool : `${prefix}${tool}`;
}
