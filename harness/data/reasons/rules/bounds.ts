// SPDX-License-Identifier: Apache-2.0
import { bytes, type Fields, type Rule } from "../rule.js";
import { accesses, callee, register, withRegister } from "./words.js";

/** Calls clear the registers of arguments. */
const isCleared = ({ register }: Fields) => Number(register) >= 1 && Number(register) <= 5;

/** Accesses outside of an object, and reads of what was never written. */
export const boundsRules: readonly Rule[] = [
	{
		code: "out-of-bounds",
		pattern:
			/^invalid access to packet, off=(?<offset>-?\d+) size=(?<size>\d+), .{1,12}\(id=0,off=-?\d+,r=(?<proven>\d+)\)/,
		says: ({ offset, size, proven }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of the packet, but only ${bytes(proven)} were proven to be there`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^invalid access to packet, off=(?<offset>-?\d+) size=(?<size>\d+), .{1,12}\(id=\d+,off=-?\d+,r=(?<proven>\d+)\)/,
		says: ({ size, proven }, place) =>
			`${accesses(place)} ${bytes(size)} at a computed offset of the packet, but the packet is only proven to have ${bytes(proven)}`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^invalid access to map value, value_size=(?<value_size>\d+) off=(?<offset>-?\d+) size=(?<size>\d+)/,
		says: ({ value_size, offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of a map value, which has ${bytes(value_size)}`,
	},
	{
		code: "out-of-bounds",
		pattern: /^invalid access to map value pointer, value_size=(?<value_size>\d+) off=(?<offset>\d+)/,
		says: ({ value_size, offset }) =>
			`takes the address of offset ${offset} of a map value, which has ${bytes(value_size)}`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^invalid access to (?:memory, mem_size|map key, key_size)=(?<mem_size>\d+) off=(?<offset>-?\d+) size=(?<size>\d+)/,
		says: ({ mem_size, offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of a buffer, which has ${bytes(mem_size)}`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^invalid access to context, ctx_size=(?<context_size>\d+) off=(?<offset>-?\d+) size=(?<size>\d+)/,
		says: ({ context_size, offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of its context, which has ${bytes(context_size)}`,
		hint: () => "bound the offset before the access, on every path",
	},
	{
		code: "out-of-bounds",
		pattern: withRegister(
			"^<reg> (?:unbounded memory access, use 'var &= const' or|min value is (?<negative>negative), either use unsigned or 'var &= const')",
		),
		when: (_, place) => accesses(place).startsWith("lets "),
		says: (fields, place) =>
			`passes a size (${register(fields)}) that ${fields.negative ? "may be negative" : "nothing bounds"} to ${callee(place) ?? "a function"}`,
		hint: (fields) =>
			`bound the size in ${register(fields)} before the call on every path: compare it as an unsigned number, or mask it with a constant`,
	},
	{
		code: "out-of-bounds",
		pattern: withRegister("^<reg> unbounded memory access"),
		says: (fields, place) =>
			`${accesses(place)} memory at an offset (${register(fields)}) that nothing bounds`,
	},
	{
		code: "out-of-bounds",
		pattern: withRegister("^<reg> (?<end>min|max) value is (?:negative|outside of the allowed memory range)"),
		says: (fields, place) =>
			`${accesses(place)} memory at an offset (${register(fields)}) that may be too ${fields.end === "min" ? "small" : "large"}`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^(?<what>(?:R\d+|\*\(R11-\d+\)) (?:invalid \S* ?(?:variable|negative)? ?\S* ?buffer (?:access|offset)|is \S+ invalid (?:negative access|variable offset)|invalid variable offset to flow keys|points to outside of jump table).{0,100})/,
		says: ({ what }, place) => `${accesses(place)} memory that was not proven to be there (${what})`,
	},
	{
		code: "out-of-bounds",
		pattern: /^Invalid read of (?<size>\d+) bytes from insn_array/,
		says: ({ size }) =>
			`reads ${bytes(size)} of a map of instructions (insn_array), which is read as 8 bytes`,
		hint: () => "read whole elements of the map: 8 bytes",
	},
	{
		code: "out-of-bounds",
		pattern:
			/^invalid (?:unbounded |variable-offset |indirect )*(?:access to|write to|read from)? ?stack R(?<register>\d+) var_off/,
		says: (_, place) => `${accesses(place)} stack at an offset that the verifier cannot bound`,
	},
	{
		code: "uninitialised-read",
		pattern:
			/^invalid (?:indirect )?read from stack (?:(?:R\d+|\*\(R11-\d+\)) )?off (?<offset>-?\d+)\+(?<byte>\d+) size (?<size>\d+)/,
		says: ({ offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} of stack at fp${offset}, and some were not written before`,
	},
	{
		code: "uninitialised-read",
		pattern:
			/^invalid (?:indirect )?(?:read from|access to) stack (?:R(?<register>\d+) )?off=(?<offset>-\d+) size=(?<size>\d+)/,
		when: ({ offset, size }, place) =>
			Number(offset) >= -512 && Number(offset) + Number(size) <= 0 && accesses(place) !== "writes",
		says: ({ offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} of stack at fp${offset}, where nothing was written before`,
	},
	{
		code: "uninitialised-read",
		pattern:
			/^(?:leaking pointer from stack off|reading from stack .{0,80}poisoned by dead code elimination|invalid (?:indirect )?read from stack .{0,40}var_off|uninit stack in range of var-offset write)/,
		says: (_, place) => `${accesses(place)} stack, and some of it was not written before`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^invalid (?:(?:zero-sized |indirect |variable-offset )*(?:read from|write to|access to) )?stack (?:R(?<register>\d+) |type=\S+ )?off=(?<offset>-?\d+) (?:access_size|size)=(?<size>-?\d+)/,
		says: ({ offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at fp${Number(offset) < 0 ? "" : "+"}${offset}, which is outside of its stack`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^(?:invalid (?:unbounded )?variable-offset.{0,60}stack|invalid variable stack read|variable (?:offset )?stack|.{1,12} variable (?:offset )?stack access prohibited)/,
		says: (_, place) => `${accesses(place)} stack at an offset that the verifier cannot bound`,
	},
	{
		code: "uninitialised-read",
		pattern: withRegister("^<reg> !read_ok"),
		says: (fields) =>
			`reads register ${register(fields)}${isCleared(fields) ? ", which was never written, or which a call cleared" : " before anything was written to it"}`,
		hint: (fields) =>
			isCleared(fields)
				? "initialise the variable on every path, and keep no value in R1 to R5 over a call (or LD_ABS): it clears them"
				: undefined,
	},
	{
		code: "uninitialised-read",
		pattern:
			/^(?:unexpected __bpf_trap\(\)|callee expects \d+ args, stack arg\d+ is not initialized|invalid read from stack arg)/,
		says: () => "uses a variable that was never initialised",
	},
	{
		code: "out-of-bounds",
		pattern: withRegister(
			"^<reg> (?<what>offset is outside of the packet|memory, len pair leads to invalid memory access|invalid (?:negative|variable) .{1,80})",
		),
		says: (fields, place) =>
			`${accesses(place)} memory that was not proven to be there (${register(fields)} ${fields.what})`,
	},
	{
		code: "out-of-bounds",
		pattern:
			/^(?<what>the sum of R\d+ u(?:min|max)_value .{1,40} is too big|invalid zero-sized read|invalid access to flow keys.{1,60}|register R\d+ doesn't point to any offset in map.{0,20})/,
		says: ({ what }, place) => `${accesses(place)} memory that was not proven to be there (${what})`,
	},
];
