// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../base/errors.js";
import type { Reason } from "../base/results.js";
import { undecided } from "../data/reasons/registry/registry.js";
import type { Workbench } from "../lab/check.js";
import type { KernelQuestion } from "../lab/kernel-question.js";
import type { KernelPromise } from "../lab/promise.js";

/**
 * The kernel's answers to one question, one for each promise and in their order. A kernel that
 * panics breaks the promise that was being tried; the promises after it are not asked.
 *
 * @throws UndecidedError when bpfgate could not find out
 */
export async function answersOf(question: KernelQuestion, bench: Workbench): Promise<KernelPromise[]> {
	const answers = new Map<string, KernelPromise>();
	try {
		for await (const answer of question.run(bench)) answers.set(answer.name, answer);
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
