// SPDX-License-Identifier: Apache-2.0
import type { Btf } from "../../data/package/btf/btf.js";

/** pahole's decl tag of kfuncs (K: scripts/Makefile.btf, decl_tag_kfuncs). */
const KFUNC_TAG = "bpf_kfunc";

/** Members of a kernel enumeration without `prefix` and counts; undefined when BTF lacks it. */
export function members(btf: Btf, name: string, prefix: string): string[] | undefined {
	const id = btf.find(name, "enum") ?? btf.find(name, "enum64");
	if (id === undefined) return undefined;
	const type = btf.type(id);
	if (type.kind !== "enum" && type.kind !== "enum64") return undefined;
	return type.values
		.map((value) => value.name)
		.filter((each) => each.startsWith(prefix))
		.map((each) => each.slice(prefix.length).toLowerCase());
}

export function hasMember(btf: Btf, struct: string, member: string): boolean {
	const id = btf.find(struct, "struct");
	const type = id === undefined ? undefined : btf.type(id);
	return type?.kind === "struct" && type.members.some((each) => each.name === member);
}

/** Type of a member by its path through structs (`driver.type`); undefined without one. */
export function memberType(btf: Btf, struct: string, path: string): string | undefined {
	let id = btf.find(struct, "struct") ?? btf.find(struct, "union");
	for (const name of path.split(".")) id = id === undefined ? undefined : memberOf(btf, id, name);
	return id === undefined ? undefined : btf.spell(id);
}

function memberOf(btf: Btf, id: number, name: string): number | undefined {
	const type = btf.type(btf.resolve(id));
	if (type.kind !== "struct" && type.kind !== "union") return undefined;
	const own = type.members.find((member) => member.name === name);
	if (own) return own.type;
	for (const { name: inner, type: anonymous } of type.members) {
		const found = inner === "" ? memberOf(btf, anonymous, name) : undefined;
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Functions marked as kfuncs; for a module's BTF, those of the module. */
export function markedKfuncs(btf: Btf): string[] {
	const found = new Set<string>();
	for (const id of btf.ids("decl_tag", btf.firstId)) {
		if (btf.name(id) !== KFUNC_TAG) continue;
		const tag = btf.type(id);
		if (tag.kind === "decl_tag") found.add(btf.name(tag.type));
	}
	return [...found].sort();
}

/** Functions with `bpf` in their name. */
export function bpfFunctions(btf: Btf): string[] {
	const found = new Set<string>();
	for (const id of btf.ids("func", btf.firstId)) {
		const name = btf.name(id);
		if (name.includes("bpf")) found.add(name);
	}
	return [...found].sort();
}
