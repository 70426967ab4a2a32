#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { matrixOutput, testExamples } from "./commands/examples/packages.js";
import { engine } from "./engine.js";
import { enter } from "./terminal/enter.js";

/** `npm run examples`: every package of programs/, good and bad, on the default kernels. */
await enter((interruption) => {
	const write = (text: string) => void process.stdout.write(text);
	return testExamples(engine, { write, signal: () => interruption.signal }, { printed: matrixOutput });
});
