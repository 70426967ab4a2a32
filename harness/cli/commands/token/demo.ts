// SPDX-License-Identifier: Apache-2.0
import { printable } from "../../../base/printable.js";
import { type DemoStep, demonstrate } from "../../../checks/token/token-demo.js";
import type { Action } from "../../terminal/command-table.js";
import { newestDefault } from "../vectors/reference-kernel.js";
import { withKernels } from "./each-kernel.js";

/** `bpfgate token demo`: exit status 1 when a kernel does not do what tokens promise. */
export const run: Action<"token demo"> = async (_, { kernel, kernels }, { write, signal }) => {
	const wanted = kernel ?? kernels ?? [await newestDefault()];
	process.exitCode = await withKernels(wanted, signal(), {}, async (opened, lend) => {
		let wrong = 0;
		for (const each of opened) {
			write(`kernel ${each.id} (${printable(each.release)})\n`);
			await lend(each, async (bench) => {
				for await (const step of demonstrate(await bench.guest())) {
					write(`${printable(stepText(step))}\n`);
					if (step.answer !== step.expected) wrong++;
				}
			});
		}
		return wrong > 0 ? 1 : 0;
	});
};

/** One line: the step, and the kernel's answer. */
export function stepText({ what, answer, expected }: DemoStep): string {
	const inWords = (answer: string) => (/^E[A-Z]/.test(answer) ? `refused with ${answer}` : answer);
	const unlike = answer === expected ? "" : `, expected ${inWords(expected)}`;
	return `- ${what}: ${inWords(answer)}${unlike}`;
}
