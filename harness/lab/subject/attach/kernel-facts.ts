// SPDX-License-Identifier: Apache-2.0
import { basename } from "node:path";
import { InputError, UndecidedError } from "../../../base/errors.js";
import type { PackageObject } from "../../../data/package/package.js";
import type {
	Explanation,
	FeatureQuestion,
	FeatureState,
	KernelFacts,
	LoadFacts,
} from "../../../data/reasons/facts.js";
import type { Workbench } from "../../check.js";

/**
 * Explains a refusal with the kernel's own features. The kernel is asked only after a refusal, and
 * only about features that the explanation depends on.
 */
export async function informed(
	bench: Workbench,
	explain: (kernel: KernelFacts) => Explanation,
): Promise<Explanation> {
	const { id, release } = bench.kernel;
	const states = new Map<FeatureQuestion, FeatureState | undefined>();
	const features = (question: FeatureQuestion) => {
		if (!states.has(question)) states.set(question, undefined);
		return states.get(question);
	};
	const uninformed = explain({ kernel: { id, release }, features });
	if (states.size === 0) return uninformed;
	for (const question of states.keys()) states.set(question, await stateOf(bench, question));
	return explain({ kernel: { id, release }, features });
}

/**
 * Undefined when it cannot be known: on kernels without a readable configuration, and for kfuncs
 * that the kernel's BTF does not tag.
 */
async function stateOf(bench: Workbench, question: FeatureQuestion): Promise<FeatureState | undefined> {
	try {
		return (await bench.lack(question))?.state ?? "present";
	} catch (error) {
		if (error instanceof UndecidedError || error instanceof InputError) return undefined;
		throw error;
	}
}

/** A program instruction's source line; undefined in subprograms, which libbpf appends. */
export function sourceLineOf(object: PackageObject, name: string): NonNullable<LoadFacts["sourceLine"]> {
	const program = object.programs.find((candidate) => candidate.name === name);
	return (instruction) => {
		if (!program || instruction >= program.insns) return undefined;
		const at = object.btfExt?.lineAt(program.section, program.offset + instruction * 8);
		return at && { ...at, file: basename(at.file) };
	};
}
