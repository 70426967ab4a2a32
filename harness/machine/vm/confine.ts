// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";

/** The program that confines another one (confine.c), or where it will be. */
export const confinePath = fileURLToPath(new URL("../../../build/loader/confine", import.meta.url));

/** What a process gets beyond what every one gets; see confine.c. */
export interface Confinement {
	/** Bytes of address space; default 1 GiB. */
	memory?: number;
	/** Bytes of the largest file that it may write; default 0: it writes none. */
	file?: number;
	/** Root becomes a user without privileges. */
	unprivileged?: boolean;
	/** It may make sockets. */
	sockets?: boolean;
	/** It may map memory that it shares with a file or a device. */
	shared?: boolean;
}

/**
 * Arguments of `confinePath` that run `command`. Whatever ends the runner, the kernel then kills
 * its child (prctl(2), PR_SET_PDEATHSIG): SIGKILL runs no handler.
 */
export function confined(confinement: Confinement, command: string, args: readonly string[]): string[] {
	const { memory = 2 ** 30, file = 0 } = confinement;
	const options = (["unprivileged", "sockets", "shared"] as const).filter((option) => confinement[option]);
	return [
		...options.map((option) => `--${option}`),
		...[process.pid, memory, file].map(String),
		command,
		...args,
	];
}
