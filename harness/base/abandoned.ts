// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Whether a process with this id runs here (in this PID namespace); a zombie does not count. */
export function alive(pid: number): boolean {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return stat[stat.lastIndexOf(")") + 2] !== "Z";
	} catch {
		return false;
	}
}

/** Start of a folder's name that tells `removeAbandoned` its maker: `<prefix><process id>-`. */
export function makersPrefix(prefix: string): string {
	return `${prefix}${process.pid}-`;
}

/** Removes from `parent` the folders of processes that have ended, killed ones too. */
export async function removeAbandoned(parent: string, prefix: string): Promise<void> {
	for (const name of await readdir(parent)) {
		const maker = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined;
		if (maker === undefined || alive(Number(maker))) continue;
		// In a shared folder it may belong to another user.
		await rm(join(parent, name), { recursive: true, force: true }).catch(() => {});
	}
}
