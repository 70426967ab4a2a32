// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Whether a process with this id runs on this host (in this PID namespace); one that only waits to
 * be reaped does not.
 */
export function alive(pid: number): boolean {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return stat[stat.lastIndexOf(")") + 2] !== "Z";
	} catch {
		return false;
	}
}

/**
 * Start of a name by which `removeAbandoned` knows who made the folder: `<prefix><process id>-`.
 */
export function makersPrefix(prefix: string): string {
	return `${prefix}${process.pid}-`;
}

/**
 * Removes from `parent` what makers that are gone left behind: those that were killed ran no
 * handler.
 */
export async function removeAbandoned(parent: string, prefix: string): Promise<void> {
	for (const name of await readdir(parent)) {
		const maker = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined;
		if (maker === undefined || alive(Number(maker))) continue;
		// In a folder for everybody it may be another user's.
		await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
	}
}
