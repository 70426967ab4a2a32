// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place } from "../../../base/errors.js";
import type { Btf } from "../btf/btf.js";
import { linkage } from "../btf/btf-type.js";
import { escapePointer } from "../btf/btf-value.js";
import { writeLeaves } from "../btf/leaf.js";
import { leavesOf } from "../btf/leaves-of.js";
import type { ObjectEntry } from "../manifest/manifest.js";
import { type Elf, STB } from "./elf.js";

/** What the map of a `.rodata` section shall hold instead of what the object says. */
export interface InitialValue {
	/** Section name, by which `bpf_object__find_map_by_name` finds the map. */
	map: string;
	bytes: Uint8Array;
}

interface Variable {
	section: string;
	/** Bytes into the section. */
	offset: number;
	/** BTF id. */
	type: number;
}

/**
 * Applies the manifest's constants to the object's `.rodata` sections.
 * @returns the whole content of each section that is touched
 * @throws InputError when a variable does not exist or its value does not fit
 */
export function rodataOf(
	{ settings, elf, btf }: { settings: ObjectEntry; elf: Elf; btf?: Btf },
	place: Place = { file: elf.file, pointer: "rodata" },
): InitialValue[] {
	const values = Object.entries(settings.rodata ?? {});
	if (values.length === 0) return [];
	const fail = (reason: string, pointer = place.pointer) => new InputError(place.file, pointer, reason);
	if (!btf) throw fail(`${elf.file} has no BTF, so its constants have no names`);
	const variables = constants(elf, btf);
	const contents = new Map<string, Uint8Array>();
	for (const [name, value] of values) {
		const pointer = `${place.pointer}/${escapePointer(name)}`;
		const variable = variables.get(name);
		const section = elf.sections.find((candidate) => candidate.name === variable?.section);
		if (!variable || !section) throw fail(`${elf.file} has no constant of this name in .rodata`, pointer);
		const bytes = contents.get(section.name) ?? Uint8Array.from(section.data);
		contents.set(section.name, bytes);
		const { littleEndian } = btf;
		const size = btf.sizeOf(variable.type);
		const types = { btf, id: variable.type };
		const leaves = leavesOf({ size, littleEndian, types }, value, { file: place.file, pointer }, "constant");
		if (variable.offset + size > bytes.length)
			throw fail(`lies at byte ${variable.offset} of ${bytes.length}`, pointer);
		writeLeaves(leaves, bytes.subarray(variable.offset, variable.offset + size));
	}
	return [...contents].map(([map, bytes]) => ({ map, bytes }));
}

/** A global variable's offset is in the symbol table, that of a static one in the BTF. */
function constants(elf: Elf, btf: Btf): Map<string, Variable> {
	const symbols = new Map(
		elf.symbols.filter(({ binding }) => binding !== STB.LOCAL).map((symbol) => [symbol.name, symbol.value]),
	);
	const variables = new Map<string, Variable>();
	for (const id of btf.ids("datasec")) {
		const datasec = btf.type(id);
		if (datasec.kind !== "datasec" || !/^\.rodata(\.|$)/.test(datasec.name)) continue;
		for (const entry of datasec.entries) {
			const variable = btf.type(entry.type);
			if (variable.kind !== "var" || variables.has(variable.name)) continue;
			const offset = variable.linkage === linkage.static ? entry.offset : symbols.get(variable.name);
			if (offset === undefined) continue;
			variables.set(variable.name, { section: datasec.name, offset, type: variable.type });
		}
	}
	return variables;
}
