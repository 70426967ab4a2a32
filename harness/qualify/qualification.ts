// SPDX-License-Identifier: Apache-2.0

import { UndecidedError } from "../base/errors.js";
import type { Reason } from "../base/results.js";
import { undecided } from "../data/reasons/registry/registry.js";
import type { Workbench } from "../lab/check.js";
import type { KernelQuestion } from "../lab/kernel-question.js";
import type { Lab } from "../lab/lab.js";
import type { KernelPromise, PromiseArea, PromiseSource } from "../lab/promise.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { keepAnswers, keptAnswers } from "./kept.js";

/**
 * The kernel's answers in order. One that panics breaks the promise being tried; later ones are not
 * asked. @param onAnswer how many answers there are. @throws UndecidedError when bpfgate could not
 * find out
 */
export async function answersOf(
	question: KernelQuestion,
	bench: Workbench,
	onAnswer?: (answered: number) => void,
): Promise<KernelPromise[]> {
	const answers = new Map<string, KernelPromise>();
	try {
		for await (const answer of question.run(bench)) {
			answers.set(answer.name, answer);
			onAnswer?.(answers.size);
		}
		const left = await bench.leftovers();
		if (left.length > 0) answers.set(leftovers.name, { ...leftovers, seen: left.slice(0, 5).join(", ") });
	} catch (cause) {
		const { outcome, reason } = await bench.lost(cause);
		if (outcome === "error") throw asUndecided(reason, cause);
		const [first, ...rest] = question.names().filter((name) => !answers.has(name));
		if (first) answers.set(first, panicked(first, reason));
		for (const name of rest) answers.set(name, unasked(name, first ?? "", reason));
	}
	const silent = question.names().filter((name) => !answers.has(name));
	if (silent.length > 0) throw undecided("no-finding", { case: `${question.area}: ${silent.join(", ")}` });
	const order = [...question.names(), leftovers.name];
	return [...answers.values()].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

/** The answer for a kernel that still holds something after everything was closed. */
const leftovers = {
	name: "leftovers",
	promise: "what was closed is gone",
	expected: "nothing left",
	kept: false,
	evidence: {},
} as const;

function panicked(name: string, { message, code }: Reason): KernelPromise {
	const promise = "the kernel survives the question";
	return { name, promise, expected: "an answer", seen: message, kept: false, evidence: { code } };
}

function unasked(name: string, first: string, { message }: Reason): KernelPromise {
	const lack = `not asked: at ${first}, ${message}`;
	return { name, promise: "", expected: "", seen: "", lack, evidence: {} };
}

function asUndecided({ code, message, hint }: Reason, cause: unknown): UndecidedError {
	return cause instanceof UndecidedError ? cause : new UndecidedError(code, message, hint, { cause });
}

/** What kernels promise: each image is asked once, and answers are cached by its digest. */
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

	/** @param onProgress called at the start, and after each answer that this call waits for */
	ask(
		kernel: Kernel,
		area: PromiseArea,
		onProgress?: (answered: number, of: number) => void,
	): Promise<readonly KernelPromise[]> {
		const key = `${kernel.id} ${kernel.image_sha256} ${kernel.modules_sha256} ${area}`;
		const known = this.#answers.get(key) ?? this.#ask(kernel, this.#question(area), onProgress);
		this.#answers.set(key, known);
		// A kernel that could not be asked may be asked again.
		known.catch(() => this.#answers.delete(key));
		return known;
	}

	/** Kept answers, or else the kernel's own. */
	async promises(kernel: Kernel, area: PromiseArea): Promise<readonly KernelPromise[]> {
		return (await this.kept(kernel, area)) ?? this.ask(kernel, area);
	}

	async #ask(
		kernel: Kernel,
		question: KernelQuestion,
		onProgress?: (answered: number, of: number) => void,
	): Promise<readonly KernelPromise[]> {
		const tell = (answered: number) => onProgress?.(answered, question.names().length);
		tell(0);
		const answers = await this.lab().withBench(kernel, (bench) => answersOf(question, bench, tell));
		await keepAnswers(kernel, question, answers);
		return answers;
	}

	#question(area: PromiseArea): KernelQuestion {
		const question = this.questions.find((each) => each.area === area);
		if (!question) throw new Error(`no question is about ${area}`);
		return question;
	}
}
