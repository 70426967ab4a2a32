// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../errors.js";
import { Reader } from "./reader.js";

/** Kinds in the order of their numbers (kernel Documentation/bpf/btf.rst). */
const kinds = [
	"void",
	"int",
	"ptr",
	"array",
	"struct",
	"union",
	"enum",
	"fwd",
	"typedef",
	"volatile",
	"const",
	"restrict",
	"func",
	"func_proto",
	"var",
	"datasec",
	"float",
	"decl_tag",
	"type_tag",
	"enum64",
] as const;
export type BtfKind = (typeof kinds)[number];

/** Bytes after the 12 of `struct btf_type`: so many, and so many for each of `vlen`. */
const tails: Record<BtfKind, [fixed: number, each: number]> = {
	void: [0, 0],
	int: [4, 0],
	ptr: [0, 0],
	array: [12, 0],
	struct: [0, 12],
	union: [0, 12],
	enum: [0, 8],
	fwd: [0, 0],
	typedef: [0, 0],
	volatile: [0, 0],
	const: [0, 0],
	restrict: [0, 0],
	func: [0, 0],
	func_proto: [0, 8],
	var: [4, 0],
	datasec: [0, 12],
	float: [0, 0],
	decl_tag: [4, 0],
	type_tag: [0, 0],
	enum64: [0, 12],
};

export interface BtfMember {
	name: string;
	type: number;
	/** From the beginning of the struct. */
	bitOffset: number;
	/** 0 when it is no bit field. */
	bitSize: number;
}

/** A type; `type` fields are ids. Sizes in bytes, but `bits`. */
export type BtfType =
	| { kind: "void"; name: "" }
	| {
			kind: "int";
			name: string;
			size: number;
			bits: number;
			offset: number;
			signed: boolean;
			char: boolean;
			bool: boolean;
	  }
	| { kind: "ptr"; name: ""; type: number }
	| { kind: "array"; name: ""; type: number; indexType: number; count: number }
	| { kind: "struct" | "union"; name: string; size: number; members: BtfMember[] }
	| {
			kind: "enum" | "enum64";
			name: string;
			size: number;
			signed: boolean;
			values: { name: string; value: bigint }[];
	  }
	| { kind: "fwd"; name: string; union: boolean }
	| { kind: "typedef" | "volatile" | "const" | "restrict" | "type_tag"; name: string; type: number }
	| { kind: "func"; name: string; type: number; linkage: number }
	| { kind: "func_proto"; name: ""; type: number; params: { name: string; type: number }[] }
	| { kind: "var"; name: string; type: number; linkage: number }
	| { kind: "datasec"; name: string; size: number; entries: { type: number; offset: number; size: number }[] }
	| { kind: "float"; name: string; size: number }
	| { kind: "decl_tag"; name: string; type: number; component: number };

/** BTF_VAR_STATIC, BTF_VAR_GLOBAL_ALLOCATED, BTF_VAR_GLOBAL_EXTERN; functions count the same way. */
export const linkage = { static: 0, global: 1, extern: 2 } as const;

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
	/** Where each type begins in the type section; the first entry is the first id that is not of the base. */
	readonly #offsets: Uint32Array;
	readonly #firstId: number;
	#byName: Map<string, number[]> | undefined;

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
		return kinds[this.#kindNumber(this.#types.u32(this.#at(id) + 4))]!;
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

	/** The first id of that name and kind; undefined when there is none. The names are indexed on first use. */
	find(name: string, kind: BtfKind): number | undefined {
		this.#byName ??= this.#indexNames();
		return this.#byName.get(name)?.find((id) => this.kind(id) === kind) ?? this.#base?.find(name, kind);
	}

	type(id: number): BtfType {
		if (id === 0) return { kind: "void", name: "" };
		if (id < this.#firstId && this.#base) return this.#base.type(id);
		return this.#decode(this.#at(id));
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

	/** Size of a value in bytes. @throws InputError when it has none: void, a function, a forward declaration */
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
			const kind = kinds[this.#kindNumber(info)];
			if (kind === undefined || kind === "void")
				throw this.#bad(this.#firstId + count, `has unknown kind ${this.#kindNumber(info)}`);
			const [fixed, each] = tails[kind];
			offsets[count++] = at;
			at += 12 + fixed + each * (info & 0xffff);
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

	#kindNumber(info: number): number {
		return (info >>> 24) & 0x1f;
	}

	#at(id: number): number {
		const offset = this.#offsets[id - this.#firstId];
		if (offset === undefined)
			throw new InputError(this.file, "BTF types", `type ${id} is named but there are ${this.size}`);
		return offset;
	}

	/** The string at `offset` of the string section, as `.BTF.ext` names them, of at most `max` bytes. */
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

	#decode(at: number): BtfType {
		const reader = this.#types;
		const name = this.string(reader.u32(at));
		const info = reader.u32(at + 4);
		const sizeOrType = reader.u32(at + 8);
		const flag = info >>> 31 === 1;
		const tail = at + 12;
		const kind = kinds[this.#kindNumber(info)]!;
		const list = <T>(size: number, read: (at: number) => T): T[] =>
			Array.from({ length: info & 0xffff }, (_, index) => read(tail + index * size));
		const string = (offset: number) => this.string(reader.u32(offset));
		switch (kind) {
			case "void":
				return { kind, name: "" };
			case "int": {
				const encoding = reader.u32(tail);
				return {
					kind,
					name,
					size: sizeOrType,
					bits: encoding & 0xff,
					offset: (encoding >>> 16) & 0xff,
					signed: (encoding & 0x0100_0000) !== 0,
					char: (encoding & 0x0200_0000) !== 0,
					bool: (encoding & 0x0400_0000) !== 0,
				};
			}
			case "ptr":
				return { kind, name: "", type: sizeOrType };
			case "array":
				return {
					kind,
					name: "",
					type: reader.u32(tail),
					indexType: reader.u32(tail + 4),
					count: reader.u32(tail + 8),
				};
			case "struct":
			case "union":
				return {
					kind,
					name,
					size: sizeOrType,
					members: list(12, (offset) => {
						const place = reader.u32(offset + 8);
						return {
							name: string(offset),
							type: reader.u32(offset + 4),
							bitOffset: flag ? place & 0xff_ffff : place,
							bitSize: flag ? place >>> 24 : 0,
						};
					}),
				};
			case "enum":
				return {
					kind,
					name,
					size: sizeOrType,
					signed: flag,
					values: list(8, (offset) => ({
						name: string(offset),
						value: BigInt(flag ? reader.i32(offset + 4) : reader.u32(offset + 4)),
					})),
				};
			case "enum64":
				return {
					kind,
					name,
					size: sizeOrType,
					signed: flag,
					values: list(12, (offset) => {
						const value = (BigInt(reader.u32(offset + 8)) << 32n) | BigInt(reader.u32(offset + 4));
						return { name: string(offset), value: flag ? BigInt.asIntN(64, value) : value };
					}),
				};
			case "fwd":
				return { kind, name, union: flag };
			case "typedef":
			case "volatile":
			case "const":
			case "restrict":
			case "type_tag":
				return { kind, name, type: sizeOrType };
			case "func":
				return { kind, name, type: sizeOrType, linkage: info & 0xffff };
			case "func_proto":
				return {
					kind,
					name: "",
					type: sizeOrType,
					params: list(8, (offset) => ({ name: string(offset), type: reader.u32(offset + 4) })),
				};
			case "var":
				return { kind, name, type: sizeOrType, linkage: reader.u32(tail) };
			case "datasec":
				return {
					kind,
					name,
					size: sizeOrType,
					entries: list(12, (offset) => ({
						type: reader.u32(offset),
						offset: reader.u32(offset + 4),
						size: reader.u32(offset + 8),
					})),
				};
			case "float":
				return { kind, name, size: sizeOrType };
			case "decl_tag":
				return { kind, name, type: sizeOrType, component: reader.i32(tail) };
		}
	}
}
