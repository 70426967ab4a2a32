// SPDX-License-Identifier: Apache-2.0
import { Command } from "commander";
import { printable } from "../../../base/printable.js";
import { type DemoStep, demonstrate } from "../../../checks/token/token-demo.js";
import { newestDefault } from "../vectors/reference-kernel.js";
import { withKernels } from "./each-kernel.js";

/**
 * `bpfgate token demo`: sets `process.exitCode`, 1 when the kernel does not do what tokens promise.
 */
export function demoCommand(signal: () => AbortSignal): Command {
	return new Command("demo")
		.description("show on a kernel what a BPF token is: the same user refused, let in, and refused again")
		.option("--kernel <id>", "kernel to show it on (default: the newest of those tested on by default)")
		.action(async ({ kernel: wanted }: { kernel?: string }) => {
			const id = wanted ?? (await newestDefault());
			process.exitCode = await withKernels([id], signal(), async (kernels, lend) => {
				let wrong = 0;
				for (const kernel of kernels) {
					process.stdout.write(`kernel ${kernel.id} (${printable(kernel.release)})\n`);
					await lend(kernel, async (bench) => {
						for await (const step of demonstrate(await bench.guest())) {
							process.stdout.write(`${printable(stepText(step))}\n`);
							if (step.answer !== step.expected) wrong++;
						}
					});
				}
				return wrong > 0 ? 1 : 0;
			});
		});
}

/** One line: what was done, and what the kernel said. */
export function stepText({ what, answer, expected }: DemoStep): string {
	const told = (answer: string) => (/^E[A-Z]/.test(answer) ? `refused with ${answer}` : answer);
	const unlike = answer === expected ? "" : `, which should be ${told(expected)}`;
	return `- ${what}: ${told(answer)}${unlike}`;
}
