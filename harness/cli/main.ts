#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { doctorCommand } from "./doctor.js";
import { engine } from "./engine.js";
import { enter } from "./enter.js";
import { inspectCommand } from "./inspect.js";
import { kernelsCommand } from "./kernels.js";
import { keygenCommand } from "./keygen.js";
import { createProgram } from "./program.js";
import { signCommand } from "./sign.js";
import { testCommand } from "./test.js";
import { tokenCommand } from "./token/command.js";
import { vectorsCommand } from "./vectors/command.js";
import { verifyCommand } from "./verify.js";

await enter((interruption) =>
	createProgram([
		testCommand(engine, () => interruption.signal),
		inspectCommand(),
		vectorsCommand(() => interruption.signal),
		tokenCommand(() => interruption.signal),
		signCommand(),
		verifyCommand(),
		keygenCommand(),
		kernelsCommand(),
		doctorCommand(),
	]).parseAsync(),
);
