// SPDX-License-Identifier: Apache-2.0

import type { KernelQuestion } from "../lab/kernel-question.js";
import type { Lab } from "../lab/lab.js";
import type { KernelPromise, PromiseArea, PromiseSource } from "../lab/promise.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { answersOf } from "./answers.js";
import { keepAnswers, keptAnswers } from "./kept.js";

/**
 * What kernels promise. Each image is asked once; the answers are kept in the cache by its digest,
 * and in one process no question is asked twice.
 */
export class Qualification implements PromiseSource {
	readonly #answers = new Map<string, Promise<readonly KernelPromise[]>>();

	/** @param lab where kernels are asked; called only when one has to be */
	constructor(
		private readonly lab: () => Pick<Lab, "withBench">,
		private readonly questions: readonly KernelQuestion[],
	) {}

	get areas(): PromiseArea[] {
		return this.questions.map(({ area }) => area);
	}

	async kept(kernel: Kernel, area: PromiseArea): Promise<readonly KernelPromise[] | undefined> {
		return keptAnswers(kernel, this.#question(area));
	}

	ask(kernel: Kernel, area: PromiseArea): Promise<readonly KernelPromise[]> {
		const key = `${kernel.id} ${kernel.image_sha256} ${kernel.modules_sha256} ${area}`;
		const known = this.#answers.get(key) ?? this.#ask(kernel, this.#question(area));
		this.#answers.set(key, known);
		// A kernel that could not be asked may be asked again.
		known.catch(() => this.#answers.delete(key));
		return known;
	}

	/** Kept answers, or else the kernel's own. */
	async promises(kernel: Kernel, area: PromiseArea): Promise<readonly KernelPromise[]> {
		return (await this.kept(kernel, area)) ?? this.ask(kernel, area);
	}

	async #ask(kernel: Kernel, question: KernelQuestion): Promise<readonly KernelPromise[]> {
		const answers = await this.lab().withBench(kernel, (bench) => answersOf(question, bench));
		await keepAnswers(kernel, question, answers);
		return answers;
	}

	#question(area: PromiseArea): KernelQuestion {
		const question = this.questions.find((each) => each.area === area);
		if (!question) throw new Error(`no question is about ${area}`);
		return question;
	}
}
