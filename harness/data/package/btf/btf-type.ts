// SPDX-License-Identifier: Apache-2.0
import type { Reader } from "../elf/reader.js";

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

/** Kind of a type by its `info`; undefined for an unknown number. */
export function kindOf(info: number): BtfKind | undefined {
	return kinds[(info >>> 24) & 0x1f];
}

/** Bytes that a type takes in the type section. */
export function recordSize(kind: BtfKind, info: number): number {
	const [fixed, each] = tails[kind];
	return 12 + fixed + each * (info & 0xffff);
}

export interface BtfMember {
	name: string;
	type: number;
	/** From the beginning of the struct. */
	bitOffset: number;
	/** 0 when it is not a bit field. */
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

/** BTF_VAR_STATIC, BTF_VAR_GLOBAL_ALLOCATED, BTF_VAR_GLOBAL_EXTERN; functions alike. */
export const linkage = { static: 0, global: 1, extern: 2 } as const;

/** Reads the type at `at`. @param stringAt the string at an offset of the string section */
export function readType(reader: Reader, at: number, stringAt: (offset: number) => string): BtfType {
	const name = stringAt(reader.u32(at));
	const info = reader.u32(at + 4);
	const sizeOrType = reader.u32(at + 8);
	const flag = info >>> 31 === 1;
	const tail = at + 12;
	const kind = kindOf(info)!;
	const list = <T>(size: number, read: (at: number) => T): T[] =>
		Array.from({ length: info & 0xffff }, (_, index) => read(tail + index * size));
	const string = (offset: number) => stringAt(reader.u32(offset));
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
