// SPDX-License-Identifier: Apache-2.0
import { readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const lookMs = 100;

/** Whether a process with this id exists on this host (in this PID namespace). */
export function alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/**
 * Runs `action` while holding the lock file `path`, which names its owner's process. Waits for a living owner, at
 * most `patience` ms, and takes over from a dead one. It spares two runners the same work; what they make must
 * be right without it too, since an owner in another PID namespace looks dead.
 */
export async function locked<T>(path: string, patience: number, action: () => Promise<T>): Promise<T> {
	const until = performance.now() + patience;
	while (!(await create(path))) {
		const owner = Number(await readFile(path, "utf8").catch(() => ""));
		if (performance.now() > until || (owner > 0 && !alive(owner))) await rm(path, { force: true });
		else await sleep(lookMs);
	}
	try {
		return await action();
	} finally {
		await rm(path, { force: true });
	}
}

async function create(path: string): Promise<boolean> {
	try {
		await writeFile(path, String(process.pid), { flag: "wx" });
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}
