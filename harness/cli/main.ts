#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { doctorCommand } from "./commands/doctor.js";
import { inspectCommand } from "./commands/inspect.js";
import { kernelsCommand } from "./commands/kernels.js";
import { keygenCommand } from "./commands/keygen.js";
import { signCommand } from "./commands/sign.js";
import { testCommand } from "./commands/test.js";
import { tokenCommand } from "./commands/token/command.js";
import { vectorsCommand } from "./commands/vectors/vectors-command.js";
import { verifyCommand } from "./commands/verify.js";
import { engine } from "./engine.js";
import { createProgram } from "./program.js";
import { enter } from "./terminal/enter.js";

await enter((interruption) =>
	createProgram([
		testCommand(engine, () => interruption.signal),
		inspectCommand(),
		vectorsCommand(() => interruption.signal),
		tokenCommand(() => interruption.signal),
		signCommand(),
		verifyCommand(),
		keygenCommand(),
		kernelsCommand(() => interruption.signal),
		doctorCommand(),
	]).parseAsync(),
);
