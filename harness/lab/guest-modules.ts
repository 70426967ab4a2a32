// SPDX-License-Identifier: Apache-2.0
import { InputError, UndecidedError } from "../base/errors.js";
import type { ProgramFacts } from "../data/package/object.js";
import type { Package } from "../data/package/package.js";
import { type LibbpfObject, wantedPrograms } from "../data/package/told.js";
import type { KernelFunctions } from "../machine/features/functions.js";
import type { Kernel } from "../machine/kernel/kernel.js";

/**
 * The kernel with the modules that packages need for functions and tracepoints, and with `asked`;
 * one whose modules cannot be had gets none, and says why.
 * @throws InputError when the user asks for a module that the kernel does not have
 */
export async function withModules(
	kernel: Kernel,
	packages: readonly Package[],
	asked: readonly string[],
	functions: KernelFunctions,
): Promise<Kernel> {
	const named = [...asked, ...packages.flatMap(({ manifest }) => manifest.guest?.modules ?? [])];
	const names = packages.flatMap(({ objects }) => objects.flatMap(kernelNamesOf));
	const explicit = names.filter((name) => name.startsWith("module:")).map((name) => name.slice(7));
	const plain = names.filter((name) => !name.startsWith("module:"));
	if (named.length + names.length === 0) return kernel;
	try {
		const absent = plain.length > 0 ? await functions.absent(kernel, plain) : [];
		if (absent.length + named.length + explicit.length === 0) return kernel;
		const found = absent.length > 0 ? await functions.modulesOf(kernel, absent) : new Map<string, string>();
		const modules = await functions.files(kernel, [...named, ...explicit, ...found.values()]);
		const unknown = asked.find((name) => !modules.some((one) => one.name === name.replaceAll("-", "_")));
		if (unknown !== undefined)
			throw new InputError("--module", "", `kernel ${kernel.id} has no module ${unknown}`);
		const loaded = modules.map((module) => {
			const has = [...found].filter(([, owner]) => owner === module.name).map(([name]) => name);
			return has.length > 0 ? { ...module, has } : module;
		});
		const lacking = absent.filter((name) => !found.has(name));
		const guest = {
			...kernel.guest,
			...(loaded.length > 0 ? { modules: loaded } : {}),
			...(lacking.length > 0 ? { lacking } : {}),
		};
		return { ...kernel, guest };
	} catch (error) {
		if (!(error instanceof UndecidedError)) throw error;
		return { ...kernel, guest: { ...kernel.guest, unsearched: error.message } };
	}
}

/** Kernel functions that programs need; tracepoints are `tp:<name>`, modules `module:<name>`. */
export function kernelNamesOf(object: LibbpfObject): string[] {
	const kfuncs = object.externs.filter(({ kind, weak }) => kind === "kfunc" && !weak).map(({ name }) => name);
	const targets = wantedPrograms(object).flatMap((program) => kernelNameOf(object, program) ?? []);
	return [...new Set([...kfuncs, ...targets])];
}

const functionTypes = ["kprobe", "tracing"];
const tracepointTypes = ["raw_tracepoint", "raw_tracepoint_writable", "tracepoint"];

/** What of the kernel a program is attached to, as `kernelNamesOf` writes it. */
export function kernelNameOf(
	{ settings }: Pick<LibbpfObject, "settings">,
	{ name, meaning }: Pick<ProgramFacts, "name" | "meaning">,
): string | undefined {
	const { target, attach } = settings.programs?.[name] ?? {};
	if (!meaning || target?.program !== undefined) return undefined;
	const { attachesTo, type, attachType } = meaning;
	if (attachesTo === "tracepoint" || tracepointTypes.includes(type)) {
		const event = (attach?.tracepoint ?? target?.function ?? meaning.target ?? "").split("/");
		// Entries and exits of system calls are events without tracepoints of their own.
		return event[0] === "syscalls" || event.at(-1) === "" ? undefined : `tp:${event.at(-1)}`;
	}
	if (attachesTo === "iterator") return meaning.target && `bpf_iter_${meaning.target}`;
	if (attachesTo !== "function" || !functionTypes.includes(type)) return undefined;
	const wanted = attach?.symbol ?? target?.function ?? meaning.target;
	const [, module, symbol] = /^(?:([A-Za-z0-9_-]+):)?([A-Za-z_][\w.]*)(?:\+\w+)?$/.exec(wanted ?? "") ?? [];
	if (attachType !== undefined && module !== undefined) return `module:${module}`;
	return symbol;
}
