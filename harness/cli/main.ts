#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { doctorCommand } from "./doctor.js";
import { engine } from "./engine.js";
import { enter } from "./enter.js";
import { inspectCommand } from "./inspect.js";
import { kernelsCommand } from "./kernels.js";
import { createProgram } from "./program.js";
import { testCommand } from "./test.js";
import { vectorsCommand } from "./vectors/command.js";

await enter((interruption) =>
	createProgram([
		testCommand(engine, () => interruption.signal),
		inspectCommand(),
		vectorsCommand(() => interruption.signal),
		kernelsCommand(),
		doctorCommand(),
	]).parseAsync(),
);
