// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { Reader } from "../elf/reader.js";
import { type BtfKind, type BtfMember, type BtfType, kindOf, readType, recordSize } from "./btf-type.js";

export { type BtfMember, type BtfType, linkage } from "./btf-type.js";

const magic = 0xeb9f;
/** Modifiers and arrays may nest; what a compiler writes stays far below (libbpf allows 32). */
const maxDepth = 32;
const maxTypes = 8_000_000;

/** Type information of an object, of vmlinux, or of a module over that of vmlinux. */
export class Btf {
	/** What the user calls it. */
	readonly file: string;
	readonly #types: Reader;
	readonly #strings: Reader;
	readonly #base: Btf | undefined;
	/** Where each type begins in the type section, from the first id that is not of the base on. */
	readonly #offsets: Uint32Array;
	readonly #firstId: number;
	#byName: Map<string, number[]> | undefined;
	readonly #read = new Map<number, BtfType>();

	/**
	 * @param file what the user calls it, for messages
	 * @param bytes of a `.BTF` section or of /sys/kernel/btf/*
	 * @param base the BTF whose ids and strings these continue: vmlinux's for a module's
	 * @throws InputError when its tables do not fit together
	 */
	constructor(file: string, bytes: Uint8Array, base?: Btf) {
		this.file = file;
		this.#base = base;
		const little = new Reader(file, "BTF header", bytes, true);
		if (little.size < 24) throw new InputError(file, "BTF header", `has ${little.size} bytes, not 24`);
		const reader = little.u16(0) === magic ? little : new Reader(file, "BTF header", bytes, false);
		if (reader.u16(0) !== magic) throw new InputError(file, "BTF header", "does not begin with eb9f");
		if (reader.u8(2) !== 1) throw new InputError(file, "BTF header", `has version ${reader.u8(2)}, not 1`);
		const headerSize = reader.u32(4);
		if (headerSize < 24) throw new InputError(file, "BTF header", `says it has ${headerSize} bytes, not 24`);
		const whole = new Reader(file, "BTF", bytes, reader.littleEndian);
		this.#types = whole.part("BTF types", headerSize + reader.u32(8), reader.u32(12));
		this.#strings = whole.part("BTF strings", headerSize + reader.u32(16), reader.u32(20));
		if (this.#strings.size > 0 && this.#strings.u8(this.#strings.size - 1) !== 0)
			throw new InputError(file, "BTF strings", "do not end with a NUL");
		this.#firstId = base?.size ?? 1;
		this.#offsets = this.#index();
	}

	/** One more than the greatest id; id 0 is void. */
	get size(): number {
		return this.#firstId + this.#offsets.length;
	}

	/** The first id that is not of the base: 1 without one. */
	get firstId(): number {
		return this.#firstId;
	}

	get littleEndian(): boolean {
		return this.#types.littleEndian;
	}

	kind(id: number): BtfKind {
		if (id === 0) return "void";
		if (id < this.#firstId && this.#base) return this.#base.kind(id);
		return kindOf(this.#types.u32(this.#at(id) + 4))!;
	}

	name(id: number): string {
		if (id === 0) return "";
		if (id < this.#firstId && this.#base) return this.#base.name(id);
		return this.string(this.#types.u32(this.#at(id)));
	}

	/** Every id of `kind` from `from` on; `firstId` leaves those of the base out. */
	*ids(kind: BtfKind, from = 1): Generator<number> {
		for (let id = from; id < this.size; id++) if (this.kind(id) === kind) yield id;
	}

	/** The first id of that name and kind, or undefined. Names are indexed on first use. */
	find(name: string, kind: BtfKind): number | undefined {
		this.#byName ??= this.#indexNames();
		return this.#byName.get(name)?.find((id) => this.kind(id) === kind) ?? this.#base?.find(name, kind);
	}

	type(id: number): BtfType {
		if (id === 0) return { kind: "void", name: "" };
		if (id < this.#firstId && this.#base) return this.#base.type(id);
		let type = this.#read.get(id);
		if (!type) {
			type = readType(this.#types, this.#at(id), (offset) => this.string(offset));
			this.#read.set(id, type);
		}
		return type;
	}

	/** Follows typedef, const, volatile, restrict and type tags to what is beneath. */
	resolve(id: number): number {
		let current = id;
		for (let depth = 0; depth < maxDepth; depth++) {
			const type = this.type(current);
			switch (type.kind) {
				case "typedef":
				case "const":
				case "volatile":
				case "restrict":
				case "type_tag":
					current = type.type;
					break;
				default:
					return current;
			}
		}
		throw this.#bad(id, `leads through more than ${maxDepth} other types`);
	}

	/** Bytes of a value. @throws InputError for void, a function, a forward declaration */
	sizeOf(id: number): number {
		let count = 1;
		let current = this.resolve(id);
		for (let depth = 0; depth < maxDepth; depth++) {
			const type = this.type(current);
			switch (type.kind) {
				case "array":
					count *= type.count;
					current = this.resolve(type.type);
					break;
				case "ptr":
					return count * 8;
				case "var":
					current = this.resolve(type.type);
					break;
				case "int":
				case "struct":
				case "union":
				case "enum":
				case "enum64":
				case "float":
				case "datasec":
					return count * type.size;
				default:
					throw this.#bad(id, `has no size: it is ${type.kind}`);
			}
		}
		throw this.#bad(id, `leads through more than ${maxDepth} other types`);
	}

	/** The type as C would write it, for messages: `struct task_struct`, `char[16]`, `__u32`. */
	spell(id: number, depth = 0): string {
		const type = this.type(id);
		if (depth > maxDepth) return "...";
		switch (type.kind) {
			case "void":
				return "void";
			case "ptr":
				return `${this.spell(type.type, depth + 1)} *`;
			case "array":
				return `${this.spell(type.type, depth + 1)}[${type.count}]`;
			case "const":
			case "volatile":
			case "restrict":
				return `${type.kind} ${this.spell(type.type, depth + 1)}`;
			case "type_tag":
				return this.spell(type.type, depth + 1);
			case "struct":
			case "union":
			case "enum":
				return `${type.kind} ${type.name || "(anonymous)"}`;
			case "enum64":
				return `enum ${type.name || "(anonymous)"}`;
			case "fwd":
				return `${type.union ? "union" : "struct"} ${type.name}`;
			case "func_proto":
				return "function";
			default:
				return type.name;
		}
	}

	#index(): Uint32Array {
		const types = this.#types;
		// Every type takes 12 bytes at least.
		const offsets = new Uint32Array(Math.floor(types.size / 12));
		let count = 0;
		for (let at = 0; at < types.size; ) {
			if (at + 12 > types.size) throw new InputError(this.file, "BTF types", "end in the middle of a type");
			const info = types.u32(at + 4);
			const kind = kindOf(info);
			if (kind === undefined || kind === "void")
				throw this.#bad(this.#firstId + count, `has unknown kind ${(info >>> 24) & 0x1f}`);
			offsets[count++] = at;
			at += recordSize(kind, info);
			if (at > types.size) throw this.#bad(this.#firstId + count - 1, "ends behind the type section");
		}
		if (count > maxTypes) throw new InputError(this.file, "BTF types", `are ${count}, more than ${maxTypes}`);
		return offsets.slice(0, count);
	}

	#indexNames(): Map<string, number[]> {
		const names = new Map<string, number[]>();
		for (let id = this.#firstId; id < this.size; id++) {
			const name = this.name(id);
			if (name === "") continue;
			const ids = names.get(name);
			if (ids) ids.push(id);
			else names.set(name, [id]);
		}
		return names;
	}

	#at(id: number): number {
		const offset = this.#offsets[id - this.#firstId];
		if (offset === undefined)
			throw new InputError(this.file, "BTF types", `type ${id} is named but there are ${this.size}`);
		return offset;
	}

	/** The string at `offset` of the string section, of at most `max` bytes; for `.BTF.ext`. */
	string(offset: number, max?: number): string {
		const base = this.#base;
		if (base && offset < base.#stringsEnd()) return base.string(offset, max);
		return this.#strings.string(offset - (base ? base.#stringsEnd() : 0), max);
	}

	/** @throws InputError when no string begins at `offset` */
	checkString(offset: number): void {
		if (offset >= this.#stringsEnd())
			throw new InputError(
				this.file,
				"BTF strings",
				`have 0x${this.#stringsEnd().toString(16)} bytes, none at 0x${offset.toString(16)}`,
			);
	}

	#stringsEnd(): number {
		return (this.#base ? this.#base.#stringsEnd() : 0) + this.#strings.size;
	}

	#bad(id: number, reason: string): InputError {
		return new InputError(this.file, `BTF type ${id}`, reason);
	}
}

/** Members by name, those of anonymous members too. */
export function membersOf(btf: Btf, id: number): Map<string, BtfMember> {
	const found = new Map<string, BtfMember>();
	const seen = new Set<number>();
	const collect = (composite: number, bitOffset: number) => {
		const type = btf.type(composite);
		if ((type.kind !== "struct" && type.kind !== "union") || seen.has(composite) || seen.size > 256) return;
		seen.add(composite);
		for (const member of type.members) {
			const moved = { ...member, bitOffset: bitOffset + member.bitOffset };
			if (member.name === "") collect(btf.resolve(member.type), moved.bitOffset);
			else if (!found.has(member.name)) found.set(member.name, moved);
		}
	};
	collect(id, 0);
	return found;
}
