// SPDX-License-Identifier: Apache-2.0
import { failureOf } from "./failure.js";
import { Interruption, interrupted } from "./interruption.js";

/**
 * Runs a program to its end: what it throws becomes one line on stderr and the exit status, signals
 * an interruption.
 *
 * The interruption stays in force until the process is gone: a second Ctrl-C may come while it
 * winds up.
 *
 * @param action gets the interruption; sets `process.exitCode` itself when all went well
 */
export async function enter(action: (interruption: Interruption) => Promise<unknown>): Promise<void> {
	const interruption = new Interruption();
	process.stdout.on("error", unwritten);
	// Nobody is left to tell: the verdict is the exit status.
	process.stderr.on("error", () => {});
	try {
		await action(interruption);
	} catch (thrown) {
		const status = tell(thrown);
		process.exitCode = interruption.requested ? interrupted : status;
	}
	// Left to end by itself, Node takes its signal handlers down first: a second signal would kill
	// it in between.
	if (interruption.requested) process.exit();
}

/**
 * A reader that went away (`bpfgate … | head`) takes nothing from the verdict; a full disk takes
 * all of it.
 */
function unwritten(error: NodeJS.ErrnoException): void {
	if (error.code === "EPIPE") return;
	const status = tell(error);
	process.once("exit", () => {
		process.exitCode = status;
	});
}

/** @returns the exit status */
function tell(thrown: unknown): number {
	const { status, lines } = failureOf(thrown, process.env.BPFGATE_DEBUG === "1");
	for (const line of lines) process.stderr.write(`${line}\n`);
	return status;
}
