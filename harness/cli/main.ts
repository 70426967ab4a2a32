#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { doctorCommand } from "./doctor.js";
import { engine } from "./engine.js";
import { failureOf } from "./failure.js";
import { inspectCommand } from "./inspect.js";
import { Interruption, interrupted } from "./interruption.js";
import { kernelsCommand } from "./kernels.js";
import { createProgram } from "./program.js";
import { testCommand } from "./test.js";

const interruption = new Interruption();
// A reader that went away (`bpfgate … | head`) takes nothing from the verdict, which is the exit status.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code !== "EPIPE") throw error;
});

const program = createProgram([
	testCommand(engine, () => interruption.signal),
	inspectCommand(),
	kernelsCommand(),
	doctorCommand(),
]);

try {
	await program.parseAsync();
} catch (thrown) {
	const { status, lines } = failureOf(thrown, process.env.BPFGATE_DEBUG === "1");
	for (const line of lines) process.stderr.write(`${line}\n`);
	process.exitCode = interruption.requested ? interrupted : status;
} finally {
	interruption.dispose();
}
