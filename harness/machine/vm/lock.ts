// SPDX-License-Identifier: Apache-2.0
import { rmSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { alive } from "../../base/abandoned.js";

const lookMs = 100;

export interface Lock {
	/** The lock file; it contains its owner's process id. */
	path: string;
	/** Milliseconds to wait for a running owner. */
	patience: number;
	/** Ends the waiting. */
	signal?: AbortSignal | undefined;
}

/**
 * Runs `action` with the lock: waits for a running owner, takes over from an ended one. It only
 * avoids double work, since an owner in another PID namespace looks ended.
 */
export async function locked<T>({ path, patience, signal }: Lock, action: () => Promise<T>): Promise<T> {
	const until = performance.now() + patience;
	while (!create(path)) {
		signal?.throwIfAborted();
		const owner = Number(await readFile(path, "utf8").catch(() => ""));
		if (performance.now() > until || (owner > 0 && !alive(owner))) await rm(path, { force: true });
		else await sleep(lookMs);
	}
	const unlock = () => rmSync(path, { force: true });
	process.once("exit", unlock);
	try {
		return await action();
	} finally {
		process.off("exit", unlock);
		unlock();
	}
}

/** Synchronous: the process cannot end between creating the lock and knowing of it. */
function create(path: string): boolean {
	try {
		writeFileSync(path, String(process.pid), { flag: "wx" });
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}
