// SPDX-License-Identifier: Apache-2.0
import { machine } from "node:os";

/** Prefix of the GNU tools for each guest architecture, by its name in `uname -m`. */
const prefixes: Record<string, string> = {
	x86_64: "x86_64-linux-gnu-",
	aarch64: "aarch64-linux-gnu-",
	s390x: "s390x-linux-gnu-",
};

/** Architectures that an agent can be built for. */
export const architectures = Object.keys(prefixes);

/** Name of the C compiler or another GNU tool for guests of that architecture. */
export function toolFor(arch: string, tool: "gcc" | "ar" | "strip", host: string = machine()): string {
	return arch === host ? tool : `${prefixes[arch] ?? `${arch}-linux-gnu-`}${tool}`;
}
