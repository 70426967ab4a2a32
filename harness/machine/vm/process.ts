// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { undecided } from "../../data/reasons/registry/registry.js";
import { type Confinement, confined, confinePath } from "./confine.js";

/** All processes and temporary folders of `vm`: they end with the runner, however it ends. */
const running = new Set<OwnedProcess>();
const folders = new Set<string>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let guarding = false;

/** How a process ended, with the last 4 KiB of its stderr. */
export interface ProcessEnd {
	code: number | null;
	signal: NodeJS.Signals | null;
	stderr: string;
}

/** A channel handed to a process: a socket pair (`channel`), or an open file of ours. */
export type Handed = "channel" | number;

export interface OwnedProcess {
	readonly pid: number;
	/** Our ends of the channels, in the order asked for. */
	readonly channels: Duplex[];
	/** Resolves once the process has ended and its channels are read to the end. */
	readonly ended: Promise<ProcessEnd>;
	/** Kills the process group at once: a guest has nothing that a graceful end would save. */
	kill(): void;
}

/**
 * Starts `command`, confined, as leader of its own process group, out of reach of Ctrl-C, with
 * `handed` as file descriptors 3, 4, … and nothing of the environment but `plain`. Throws
 * UndecidedError when it cannot be started.
 */
export async function own(
	command: string,
	args: string[],
	handed: Handed[],
	confinement: Confinement = {},
): Promise<OwnedProcess> {
	guard();
	const child = spawn(confinePath, confined(confinement, command, args), {
		detached: true,
		env: plainEnvironment(),
		stdio: ["ignore", "ignore", "pipe", ...handed.map((it) => (it === "channel" ? "pipe" : it))],
	});
	const ended = end(child);
	await new Promise<void>((resolve, reject) => {
		child.once("spawn", resolve);
		child.once("error", (cause) => reject(undecided("confine-failed", { why: cause.message }, { cause })));
	});
	const pid = child.pid!;
	const owned: OwnedProcess = {
		pid,
		channels: handed.flatMap((it, index) => (it === "channel" ? [child.stdio[index + 3] as Duplex] : [])),
		ended,
		kill: () => killGroup(pid),
	};
	running.add(owned);
	ended.then(() => running.delete(owned));
	return owned;
}

/** What a program needs to start; a guest that breaks out finds no secrets in it. */
const plain = ["PATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG", "LC_ALL"];

function plainEnvironment(): NodeJS.ProcessEnv {
	return Object.fromEntries(plain.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Makes `prefix…` in `parent`, removed when the runner ends unless it was renamed. */
export function temporaryFolder(parent: string, prefix: string): string {
	guard();
	const folder = mkdtempSync(join(parent, prefix));
	folders.add(folder);
	return folder;
}

export function removeFolder(folder: string): void {
	folders.delete(folder);
	// A process that was just killed may still finish creating a file there.
	rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 10 });
}

function end(child: ChildProcess): Promise<ProcessEnd> {
	let stderr = "";
	child.stderr?.setEncoding("utf8").on("data", (text: string) => {
		stderr = (stderr + text).slice(-4096);
	});
	return new Promise((resolve) => {
		child.once("error", (error) => resolve({ code: null, signal: null, stderr: error.message }));
		child.once("close", (code, signal) => resolve({ code, signal, stderr: stderr.trim() }));
	});
}

function killGroup(pid: number): void {
	try {
		process.kill(-pid, "SIGKILL");
	} catch {
		// ESRCH: it has ended meanwhile.
	}
}

function endAll(): void {
	for (const owned of running) killGroup(owned.pid);
	for (const folder of folders) removeFolder(folder);
}

/** Installs the synchronous handlers; signals that the program handles are left to it. */
function guard(): void {
	if (guarding) return;
	guarding = true;
	process.on("exit", endAll);
	for (const signal of signals) {
		const handler = () => {
			if (process.listenerCount(signal) > 1) return;
			endAll();
			process.removeListener(signal, handler);
			process.kill(process.pid, signal);
		};
		process.on(signal, handler);
	}
}
