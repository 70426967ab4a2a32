// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { autoloads } from "../../package/autoload.js";
import type { PackageObject } from "../../package/package.js";

/** No loader does on every machine what this object does when it is loaded unsigned. */
export class Unsignable extends InputError {
	override name = "Unsignable";

	constructor(object: PackageObject, reason: string) {
		super(object.file, "", `cannot be signed: ${reason}`);
	}
}

/** @returns what of an object only the machine that loads it can know; undefined without such */
export function boundToMachine(object: PackageObject): string | undefined {
	const kconfig = object.externs.find(({ kind }) => kind === "kconfig");
	if (kconfig)
		return `it reads ${kconfig.name} of the kernel's configuration, and its loader would hold that of the machine that signs`;
	const ops = object.maps.find(({ kind }) => kind === "struct_ops");
	if (ops) return `${ops.name} is struct_ops, for which libbpf makes no loader`;
	const arena = object.maps.find(({ type }) => type === "arena");
	if (arena) return `${arena.name} is an arena, for which libbpf makes no loader`;
	const [uncreated] = object.uncreated;
	if (uncreated !== undefined)
		return `map ${uncreated} is not created (autocreate), and libbpf's loaders create every map`;
	for (const program of object.programs) {
		const { name, meaning } = program;
		if (!autoloads(object, program)) continue;
		const target = object.settings.programs?.[name]?.target;
		if (meaning?.type === "ext" || target?.program !== undefined)
			return `program ${name} is aimed at another program, which is there only when it is loaded`;
		if (target?.function !== undefined)
			return `the manifest aims program ${name} at ${target.function}; a loader takes that from the name of the section alone`;
	}
	for (const { name, type, inner, kind } of object.maps) {
		const holdsMaps = type === "array_of_maps" || type === "hash_of_maps";
		if (kind === "btf" && holdsMaps && (!inner || object.settings.maps?.[name]?.inner))
			return `what map ${name} holds is not said in the object but by the manifest, which no loader can do; say it with __array(values, …)`;
	}
	return undefined;
}
