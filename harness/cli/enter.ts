// SPDX-License-Identifier: Apache-2.0
import { failureOf } from "./failure.js";
import { Interruption, interrupted } from "./interruption.js";

/**
 * Runs a program to its end: what it throws becomes one line on stderr and the exit status, signals an interruption.
 *
 * @param action gets the interruption; sets `process.exitCode` itself when all went well
 */
export async function enter(action: (interruption: Interruption) => Promise<unknown>): Promise<void> {
	const interruption = new Interruption();
	// A reader that went away (`bpfgate … | head`) takes nothing from the verdict, which is the exit status.
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code !== "EPIPE") throw error;
	});
	try {
		await action(interruption);
	} catch (thrown) {
		const { status, lines } = failureOf(thrown, process.env.BPFGATE_DEBUG === "1");
		for (const line of lines) process.stderr.write(`${line}\n`);
		process.exitCode = interruption.requested ? interrupted : status;
	} finally {
		interruption.dispose();
	}
}
