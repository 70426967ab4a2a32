// SPDX-License-Identifier: Apache-2.0
import { basename } from "node:path";
import { InputError, UndecidedError } from "../../../base/errors.js";
import { Btf } from "../../../data/package/btf/btf.js";
import type { PackageObject } from "../../../data/package/package.js";
import type {
	Explanation,
	FeatureQuestion,
	FeatureState,
	KernelFacts,
	LoadFacts,
} from "../../../data/reasons/facts.js";
import { readFile } from "../../../machine/features/files.js";
import { memberType } from "../../../machine/features/kernel-btf.js";
import { kfuncSince } from "../../../machine/features/kfunc-names.js";
import type { Workbench } from "../../check.js";

/** Explains a refusal with features; asks the kernel only for those that it depends on. */
export async function informed(
	bench: Workbench,
	explain: (kernel: KernelFacts) => Explanation,
): Promise<Explanation> {
	const { id, release } = bench.kernel;
	const states = new Map<FeatureQuestion, Answer>();
	const features = (question: FeatureQuestion) => {
		if (!states.has(question)) states.set(question, {});
		return states.get(question)?.state;
	};
	const configOf = (question: FeatureQuestion) => states.get(question)?.needs;
	const types = new Map<string, string | undefined>();
	const fieldType = (struct: string, path: string) => {
		const field = `${struct}/${path}`;
		if (!types.has(field)) types.set(field, undefined);
		return types.get(field);
	};
	const facts = { kernel: { id, release }, features, configOf, kfuncSince, fieldType };
	const uninformed = explain(facts);
	if (states.size === 0 && types.size === 0) return uninformed;
	const btf = types.size === 0 ? undefined : await kernelBtf(bench);
	for (const field of btf ? types.keys() : []) {
		const [struct = "", path = ""] = field.split("/");
		types.set(field, memberType(btf!, struct, path));
	}
	for (const question of states.keys()) states.set(question, await answerOf(bench, question));
	return explain(facts);
}

async function kernelBtf(bench: Workbench): Promise<Btf | undefined> {
	const path = "/sys/kernel/btf/vmlinux";
	const bytes = await readFile((await bench.guest()).client, path);
	return bytes && new Btf(path, bytes);
}

interface Answer {
	state?: FeatureState;
	/** `CONFIG_NETKIT`, `module netkit`. */
	needs?: string;
}

/** Empty when unknown: without a readable configuration, and for kfuncs that BTF does not tag. */
async function answerOf(bench: Workbench, question: FeatureQuestion): Promise<Answer> {
	try {
		const { state, needs } = (await bench.lack(question)) ?? { state: "present" as const };
		return { state, ...(needs === undefined ? {} : { needs }) };
	} catch (error) {
		if (error instanceof UndecidedError || error instanceof InputError) return {};
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
