// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../base/errors.js";
import { createLab } from "../lab/lab.js";
import type { KernelPromise, PromiseArea } from "../lab/promise.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { Qualification } from "../qualify/qualification.js";
import { questions } from "./questions.js";

/** What one kernel answered in one area, or why it could not be asked. */
export interface Answered {
	kernel: string;
	area: PromiseArea;
	promises?: readonly KernelPromise[];
	error?: UndecidedError;
}

/** How far a kernel is with the questions of one area. */
export interface Asking {
	kernel: string;
	area: PromiseArea;
	answered: number;
	of: number;
}

export interface QualifyOptions {
	/** Default: all. */
	areas?: readonly PromiseArea[];
	/** Guests in use at the same time. */
	jobs: number;
	signal: AbortSignal;
	/** Called before a kernel is asked and after each answer; not for answers that are kept. */
	onAsk?(asking: Asking): void;
}

/** Asks kernels for their promises, each image once; in the order of kernels and areas. */
export async function qualifyKernels(
	kernels: readonly Kernel[],
	{ areas, jobs, signal, onAsk }: QualifyOptions,
): Promise<Answered[]> {
	await using lab = createLab({ jobs, signal });
	const qualification = new Qualification(() => lab, questions);
	const answered = kernels.flatMap((kernel) =>
		(areas ?? qualification.areas).map((area) => ({ kernel, row: { kernel: kernel.id, area } as Answered })),
	);
	const queue = answered.values();
	const worker = async () => {
		for (const { kernel, row } of queue) {
			try {
				const kept = await qualification.kept(kernel, row.area);
				const { kernel: id, area } = row;
				const tell = (answered: number, of: number) => onAsk?.({ kernel: id, area, answered, of });
				row.promises = kept ?? (await qualification.ask(kernel, area, tell));
			} catch (error) {
				signal.throwIfAborted();
				if (!(error instanceof UndecidedError)) throw error;
				row.error = error;
			}
		}
	};
	await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker));
	return answered.map(({ row }) => row);
}
