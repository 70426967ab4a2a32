// SPDX-License-Identifier: Apache-2.0
import { failureOf } from "./failure.js";
import { Interruption, interrupted } from "./interruption.js";

/**
 * Runs a program: what it throws becomes one line on stderr and the exit status; signals interrupt
 * it. Signal handlers stay installed until the process ends, for a second Ctrl-C.
 * @param action sets `process.exitCode` itself unless it throws
 */
export async function enter(action: (interruption: Interruption) => Promise<unknown>): Promise<void> {
	const interruption = new Interruption();
	process.stdout.on("error", unwritten);
	// The exit status still gives the verdict.
	process.stderr.on("error", () => {});
	try {
		await action(interruption);
	} catch (thrown) {
		const status = report(thrown);
		process.exitCode = interruption.requested ? interrupted : status;
	}
	// Without this, Node removes its signal handlers before it ends: a second signal would kill it.
	if (interruption.requested) process.exit();
}

/** A closed pipe (`bpfgate … | head`) does not change the exit status; a full disk does. */
function unwritten(error: NodeJS.ErrnoException): void {
	if (error.code === "EPIPE") return;
	const status = report(error);
	process.once("exit", () => {
		process.exitCode = status;
	});
}

/** @returns the exit status */
function report(thrown: unknown): number {
	const { status, lines } = failureOf(thrown, process.env.BPFGATE_DEBUG === "1");
	for (const line of lines) process.stderr.write(`${line}\n`);
	return status;
}
