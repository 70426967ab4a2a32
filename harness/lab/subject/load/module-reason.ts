// SPDX-License-Identifier: Apache-2.0
import type { Reason } from "../../../base/results.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { PackageObject } from "../../../data/package/package.js";
import { reasonSaying } from "../../../data/reasons/registry/registry.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import { kernelNameOf } from "../../guest-modules.js";

const codes = ["attach-target-missing", "kfunc-missing"];

/**
 * What the kernel's modules have to do with a function or tracepoint that a program misses: a
 * module that could not be had is a skip; a module that is loaded, and whose functions this kernel
 * still does not give to programs, is named; where all modules were searched, it is said.
 */
export function withModuleFacts(
	reason: Reason,
	object: PackageObject,
	program: ProgramFacts,
	{ id, guest }: Kernel,
): { outcome: "fail" | "skip"; reason: Reason } {
	if (!codes.includes(reason.code)) return { outcome: "fail", reason };
	const target = kernelNameOf(object, program);
	const names = [...(target === undefined ? [] : [target]), ...program.uses.kfuncs];
	if (guest?.unsearched !== undefined) {
		const message = `${program.name} needs ${listed(names)}, which may be in a module: ${guest.unsearched}`;
		const hint = "fetch the kernel again with bpfgate kernels pull --force: its modules are kept then";
		return { outcome: "skip", reason: reasonSaying("module-absent", message, hint) };
	}
	for (const module of guest?.modules ?? []) {
		const name = names.find((each) => module.has?.includes(each));
		if (name === undefined) continue;
		const message = `${program.name} needs ${listed([name])} of module ${module.name}, which is loaded; kernel ${id} gives programs no BTF of its modules, or not of this function`;
		const hint = "use a kprobe or a tracepoint on this kernel, or leave the kernel out of the manifest";
		return { outcome: "fail", reason: reasonSaying(reason.code as "kfunc-missing", message, hint) };
	}
	if (!names.some((name) => guest?.lacking?.includes(name))) return { outcome: "fail", reason };
	const message = reason.message
		.replace("nor a loaded module has", "nor any of its modules has")
		.replace(/: it may be inlined, renamed, or in a module .*$/, ": it may be inlined or renamed");
	return { outcome: "fail", reason: { ...reason, message } };
}

function listed(names: readonly string[]): string {
	return names.map((name) => name.replace(/^tp:/, "tracepoint ")).join(", ") || "a function";
}
