// SPDX-License-Identifier: Apache-2.0
import type { Lack } from "../../features/missing.js";
import type { PackageObject } from "../../package/package.js";
import type { FeatureQuestion, FeatureState, KernelFacts, LoadFacts } from "../../reasons/facts.js";
import type { Workbench } from "../check.js";

/**
 * What makes a sentence about a refusal better: whether the kernel lacks the features in question. They are asked
 * only now, when something was refused.
 */
export async function kernelFacts(bench: Workbench, questions: FeatureQuestion[] = []): Promise<KernelFacts> {
	const { id, release } = bench.kernel;
	const states = new Map<FeatureQuestion, FeatureState>();
	for (const question of questions) states.set(question, stateOf(await bench.lack(question)));
	return {
		kernel: { id, release },
		features: (question) => states.get(question),
	};
}

function stateOf(lack: Lack | undefined): FeatureState {
	return lack?.state ?? "present";
}

/** Line information of an object by a program's instruction; none for the subprograms that libbpf appends to it. */
export function sourceLineOf(object: PackageObject, name: string): NonNullable<LoadFacts["sourceLine"]> {
	const program = object.programs.find((candidate) => candidate.name === name);
	return (instruction) => {
		if (!program || instruction >= program.insns) return undefined;
		return object.btfExt?.lineAt(program.section, program.offset + instruction * 8);
	};
}
