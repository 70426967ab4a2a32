// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { Reader } from "../elf/reader.js";
import type { Btf } from "./btf.js";

/** Where an instruction came from. */
export interface LineInfo {
	file: string;
	line: number;
	column: number;
	/** The line of source itself, when the compiler kept it. */
	text: string;
}

/** Kinds of CO-RE relocations (Documentation/bpf/llvm_reloc.rst, `enum bpf_core_relo_kind`). */
const relocationKinds = [
	"field_byte_offset",
	"field_byte_size",
	"field_exists",
	"field_signed",
	"field_lshift_u64",
	"field_rshift_u64",
	"type_id_local",
	"type_id_target",
	"type_exists",
	"type_size",
	"enumval_exists",
	"enumval_value",
	"type_matches",
] as const;

/** What the program wants to know of the running kernel's types. */
export interface CoreRelocation {
	section: string;
	/** Byte offset of the instruction in its section. */
	offset: number;
	kind: (typeof relocationKinds)[number] | `kind ${number}`;
	/** As C would write it: `struct task_struct`. */
	type: string;
	/** Access string as the compiler wrote it: `0:25:1`. */
	access: string;
	/** The same in names: `mm.pgd`, an enumerator; empty for a whole type. */
	field: string;
}

const maxRelocations = 100_000;
const maxAccessLength = 256;
const maxLineLength = Number.MAX_SAFE_INTEGER;

/** What `.BTF.ext` adds to the types of an object (kernel Documentation/bpf/btf.rst). */
export class BtfExt {
	readonly relocations: CoreRelocation[];
	readonly #btf: Btf;
	/** Records of `struct bpf_line_info`, and by section where each begins, in ascending order. */
	readonly #lines: Reader;
	readonly #lineStarts = new Map<string, number[]>();

	/** @throws InputError when its tables do not fit together */
	constructor(file: string, bytes: Uint8Array, btf: Btf) {
		const header = new Reader(file, "BTF.ext header", bytes, btf.littleEndian);
		if (header.u16(0) !== 0xeb9f) throw new InputError(file, "BTF.ext header", "does not begin with eb9f");
		if (header.u8(2) !== 1)
			throw new InputError(file, "BTF.ext header", `has version ${header.u8(2)}, not 1`);
		const size = header.u32(4);
		if (size < 24) throw new InputError(file, "BTF.ext header", `says it has ${size} bytes, not 24`);
		const whole = new Reader(file, "BTF.ext", bytes, btf.littleEndian);
		const part = (place: string, at: number) => whole.part(place, size + header.u32(at), header.u32(at + 4));
		this.#btf = btf;
		this.#lines = part("BTF.ext line_info", 16);
		this.#indexLines();
		// The first compilers that wrote this section knew no CO-RE.
		this.relocations = size < 32 ? [] : readRelocations(part("BTF.ext core_relo", 24), btf);
	}

	/** The line of the instruction at `offset` of `section`: the last beginning at or before. */
	lineAt(section: string, offset: number): LineInfo | undefined {
		const lines = this.#lines;
		const at = this.#lineStarts.get(section)?.findLast((start) => lines.u32(start) <= offset);
		if (at === undefined) return undefined;
		const place = lines.u32(at + 12);
		return {
			file: this.#btf.string(lines.u32(at + 4), maxLineLength),
			line: place >>> 10,
			column: place & 0x3ff,
			text: this.#btf.string(lines.u32(at + 8), maxLineLength).trim(),
		};
	}

	#indexLines(): void {
		const lines = this.#lines;
		for (const { section, at } of records(lines, 16, this.#btf)) {
			for (const field of [4, 8]) this.#btf.checkString(lines.u32(at + field));
			const starts = this.#lineStarts.get(section);
			if (starts) starts.push(at);
			else this.#lineStarts.set(section, [at]);
		}
		for (const starts of this.#lineStarts.values()) starts.sort((a, b) => lines.u32(a) - lines.u32(b));
	}
}

/** Where each record of a table begins, and the section that it is about. */
function* records(part: Reader, least: number, btf: Btf): Generator<{ section: string; at: number }> {
	if (part.size === 0) return;
	const recordSize = part.u32(0);
	if (recordSize < least)
		throw new InputError(
			part.file,
			part.place,
			`has records of ${recordSize} bytes, at least ${least} are needed`,
		);
	for (let at = 4; at < part.size; ) {
		const section = btf.string(part.u32(at));
		const count = part.u32(at + 4);
		const table = part.part(part.place, at + 8, count * recordSize);
		for (let index = 0; index < count; index++) yield { section, at: at + 8 + index * recordSize };
		at += 8 + table.size;
	}
}

function readRelocations(part: Reader, btf: Btf): CoreRelocation[] {
	const relocations: CoreRelocation[] = [];
	const names = new Map<string, Pick<CoreRelocation, "type" | "field">>();
	for (const { section, at } of records(part, 16, btf)) {
		if (relocations.length >= maxRelocations)
			throw new InputError(part.file, part.place, `has more than ${maxRelocations} relocations`);
		const type = part.u32(at + 4);
		const access = btf.string(part.u32(at + 8));
		if (access.length > maxAccessLength)
			throw new InputError(part.file, part.place, `has an access string of ${access.length} characters`);
		const key = `${type} ${access}`;
		const named = names.get(key) ?? { type: btf.spell(type), field: fieldOf(btf, type, access) };
		names.set(key, named);
		const kind = part.u32(at + 12);
		relocations.push({
			section,
			offset: part.u32(at),
			kind: relocationKinds[kind] ?? `kind ${kind}`,
			access,
			...named,
		});
	}
	return relocations;
}

/**
 * Spells an access string: the first number indexes the type as if it were an array, each one after
 * it is a member's or an element's index. For an enumeration it is the enumerator's. What cannot be
 * followed is left out.
 */
function fieldOf(btf: Btf, id: number, access: string): string {
	const [first, ...rest] = access.split(":").map(Number);
	let current = btf.resolve(id);
	const outer = btf.type(current);
	if (outer.kind === "enum" || outer.kind === "enum64") return outer.values[first ?? -1]?.name ?? "";
	let path = "";
	for (const index of rest) {
		const type = btf.type(current);
		if (type.kind === "array") {
			path += `[${index}]`;
			current = btf.resolve(type.type);
		} else if (type.kind === "struct" || type.kind === "union") {
			const member = type.members[index];
			if (!member) break;
			if (member.name !== "") path += path === "" ? member.name : `.${member.name}`;
			current = btf.resolve(member.type);
		} else break;
	}
	return path;
}
