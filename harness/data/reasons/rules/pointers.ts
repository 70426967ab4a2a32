// SPDX-License-Identifier: Apache-2.0
import { bytes, type Rule } from "../rule.js";
import { accesses, callee, hands, register, typed, withRegister } from "./words.js";

/** Pointers that are NULL, no pointers, moved, misaligned or not to be written through. */
export const pointerRules: readonly Rule[] = [
	{
		code: "null-dereference",
		pattern: withRegister("^<reg> invalid mem access '(?<type>[^']*_or_null_?\\w*)'"),
		says: (fields) => `dereferences ${register(fields)} without testing it for NULL (${fields.type})`,
	},
	{
		code: "null-dereference",
		pattern: withRegister("^<reg> type=(?<type>\\S*_or_null\\S*) expected="),
		says: (fields, place) =>
			`passes ${register(fields)} to ${callee(place) ?? "a function"} without testing it for NULL (${fields.type})`,
	},
	{
		code: "null-dereference",
		pattern:
			/^(?:Possibly )?NULL pointer passed to (?:helper|trusted) (?:R(?<register>\d+)|arg(?<argument>\d+)|\S+)/,
		says: (_, place) => `passes a pointer to ${callee(place) ?? "a function"} without testing it for NULL`,
	},
	{
		code: "null-dereference",
		pattern: withRegister("^<reg> pointer arithmetic on (?<type>\\S*_or_null\\S*) prohibited"),
		says: (fields) => `calculates with ${register(fields)} before testing it for NULL (${fields.type})`,
	},
	{
		code: "misaligned",
		pattern: /^misaligned (?<memory>\S+ )?access off .{1,120} size (?<size>\d+)/,
		says: ({ memory, size }, place) =>
			`${accesses(place)} ${bytes(size)} of ${memory ? String(memory).trim() : "memory"} at an address that is not aligned`,
	},
	{
		code: "misaligned",
		pattern: /access misaligned expected=(?<expected>\d+) off=(?<offset>\d+)/,
		says: ({ offset }) => `accesses offset ${offset}, which is not aligned`,
	},
	{
		code: "invalid-context-access",
		pattern: /^func '(?<function>[^']{1,256})' doesn't have (?<argument>\d+)-th argument/,
		says: (fields) => `reads argument ${fields.argument} of ${fields.function}, which has fewer`,
	},
	{
		code: "invalid-context-access",
		pattern: /^func '(?<function>[^']{1,256})' arg(?<argument>\d+) type (?<type>\w+) is not a struct/,
		says: ({ function: name, argument, type }) =>
			`reads argument ${Number(argument) + 1} of ${name}, which on this kernel is a pointer to ${type} and not to a structure`,
	},
	{
		code: "invalid-context-access",
		pattern:
			/^func '(?<function>[^']{1,256})' (?:offset|size) (?<found>\d+) .{0,40}?(?<expected>must be \d+|is not multiple of \d+)/,
		says: ({ function: name, found, expected }) =>
			`reads an argument of ${name} with a size or offset (${found}) that ${expected}`,
		hint: () => "read whole arguments of 8 bytes, as BPF_PROG() does, and take a part of the value then",
	},
	{
		code: "invalid-context-access",
		pattern: /^invalid bpf_context access off=(?<offset>-?\d+) size=(?<size>\d+)/,
		when: (_, { disassembly = "" }) => /^\((?:81|89|91)\)/.test(disassembly),
		says: ({ offset, size }) =>
			`reads ${bytes(size)} at offset ${offset} of its context with sign extension, which the kernel does not offer`,
		hint: () => "read the field as an unsigned number, and convert the value after that",
	},
	{
		code: "invalid-context-access",
		pattern: /^invalid bpf_context access off=(?<offset>-?\d+) size=(?<size>\d+)/,
		says: ({ offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of its context, which this program type does not offer on this kernel`,
	},
	{
		code: "invalid-context-access",
		pattern: withRegister(
			"^(?:dereference of modified|negative offset) ctx ptr <reg> off=(?<offset>-?\\d+) disallowed",
		),
		says: ({ offset }) => `accesses its context through a pointer that was moved by ${offset}`,
		hint: () =>
			"access the field directly through the context argument, at a constant offset: CO-RE or the optimiser computed its address first",
	},
	{
		code: "invalid-context-access",
		pattern: /^variable ctx access var_off/,
		says: (_, place) => `${accesses(place)} its context at an offset that is not constant`,
		hint: () => "access the context at constant offsets only, in a branch for each field",
	},
	{
		code: "invalid-dereference",
		pattern: /^variable (?<type>\S+) access var_off/,
		says: ({ type }, place) =>
			`${accesses(place)} memory at an offset that is not constant, through ${typed(type)}`,
		hint: () => "access the structure's fields at constant offsets only, in a branch for each field",
	},
	{
		code: "invalid-context-access",
		pattern: /^invalid bpf_context access off=(?<offset>-?\d+)\. Reference may/,
		says: ({ offset }) =>
			`reads the argument at offset ${offset} of its context, whose reference may already be released`,
		hint: () => "read the argument once, before anything can release it, and pass it on as a value",
	},
	{
		code: "invalid-context-access",
		pattern: /^(?:BPF_ST stores into R\d+ ctx|.{0,40}leaks addr into ctx)/,
		says: (_, place) => `${accesses(place)} its context in a way that is not allowed`,
	},
	{
		code: "read-only-memory",
		pattern:
			/^(?<what>write into map forbidden|only read (?:from \S+ )?is supported|cannot write into (?:packet|\S+)|the prog does not allow writes to packet data|.{1,12} cannot write into \S+|write to change key)/,
		says: ({ what }) => `writes to memory that it may only read (${what})`,
	},
	{
		code: "read-only-memory",
		pattern:
			/^(?<what>\S+\(\) may write into memory pointed by .{1,60}|potential write to dynptr at .{1,40}|spilled ptr in range of var-offset stack write.{0,40})/,
		says: ({ what }) => `writes to memory that it may only read (${what})`,
	},
	{
		code: "read-only-memory",
		pattern: /^read from map forbidden/,
		says: () => "reads from a map that it may only write",
		hint: () => "read the value from another map, or make this one without BPF_F_WRONLY_PROG",
	},
	{
		code: "lock-misuse",
		pattern: /^(?<field>bpf_\S+) cannot be accessed (?:directly by load\/store|indirectly by helper)/,
		says: ({ field }, place) => `${accesses(place)} the inside of a ${field}`,
		hint: ({ field }) => `leave the bytes of ${field} to its helpers, and copy the other fields one by one`,
	},
	{
		code: "pointer-leak",
		pattern: withRegister("^<reg> leaks addr (?<where>.{1,60})"),
		says: (fields) => `lets a kernel address out (${register(fields)} ${fields.where})`,
	},
	{
		code: "invalid-dereference",
		pattern: withRegister("^<reg> is ptr_(?<type>\\S+) access (?<kind>user|percpu) memory"),
		says: ({ register, type, kind }) =>
			`dereferences R${register} (${type}), which points to ${kind === "user" ? "user space" : "per-CPU"} memory`,
		hint: ({ kind }) =>
			kind === "user"
				? "read user memory with bpf_probe_read_user or bpf_copy_from_user"
				: "take this CPU's copy with bpf_this_cpu_ptr or bpf_per_cpu_ptr",
	},
	{
		code: "invalid-dereference",
		pattern: /^same insn cannot be used with (?<what>different pointers|and without arena pointer)/,
		says: ({ what }) =>
			what === "different pointers"
				? "accesses two kinds of pointers with one instruction"
				: "uses one instruction with an arena pointer and with another one",
		hint: () =>
			"access each kind of pointer in a branch of its own, and keep the compiler from merging them (barrier_var)",
	},
	{
		code: "invalid-dereference",
		pattern: withRegister("^<reg> invalid mem access '(?<type>[^']*)'"),
		says: (fields) =>
			`dereferences ${register(fields)}, which holds ${typed(fields.type)} and not a pointer to memory`,
		hint: ({ type }) =>
			/dynptr/.test(String(type))
				? "read and write the dynptr's data with bpf_dynptr_read, bpf_dynptr_write or bpf_dynptr_data"
				: undefined,
	},
	{
		code: "invalid-dereference",
		pattern: withRegister("^<reg> invalid (?<type>\\S+) access off=(?<offset>-?\\d+) size=(?<size>\\d+)"),
		says: ({ type, offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of ${type}, which is not a field it may access`,
		hint: () =>
			"read whole fields, each at its own offset and with its own size, and only those that the type offers",
	},
	{
		code: "invalid-dereference",
		pattern:
			/^access beyond (?:struct (?<struct>\S+)|the end of member (?<member>\S+)(?: \(\w+:\d+\) in struct (?<owner>\S+))?)/,
		says: ({ struct, member, owner }, place) =>
			`${accesses(place)} memory beyond the end of ${struct ? `struct ${struct}` : `member ${member}${owner ? ` of struct ${owner}` : ""}`}`,
		hint: () => "read no more than the field has, or read it with bpf_probe_read_kernel or BPF_CORE_READ",
	},
	{
		code: "null-dereference",
		pattern: withRegister(
			"^(?:dereference of modified|negative offset) (?<type>\\S+_or_null\\S*) ptr <reg> off=(?<offset>-?\\d+)",
		),
		says: ({ type, offset }, place) =>
			`${hands(place, typed(type))} that was moved by ${offset} and never tested for NULL`,
	},
	{
		code: "invalid-dereference",
		pattern: withRegister(
			"^(?:dereference of modified|negative offset) (?<type>\\S+) ptr <reg> off=(?<offset>-?\\d+) disallowed",
		),
		says: ({ type, offset }, place) => `${hands(place, typed(type))} that was moved by ${offset}`,
		hint: () => "use the pointer as it was given: keep a copy of it before you add to it",
	},
	{
		code: "invalid-dereference",
		pattern: /^(?:dereference of modified|negative offset) (?<type>\S+) ptr/,
		says: ({ type }, place) => `${hands(place, typed(type))} that was moved`,
		hint: () => "use the pointer as it was given: keep a copy of it before you add to it",
	},
	{
		code: "pointer-arithmetic",
		pattern: withRegister(
			"^<reg> (?<what>pointer (?:arithmetic|[-+*/&|^]= pointer|comparison).{0,80}|bitwise operator .{0,60}|32-bit pointer arithmetic.{0,40}|sign-extension part of pointer|partial copy of pointer|pointer \\S+ pointer prohibited|pointer offset .{0,60}|could not be pushed for speculative.{0,60}|tried to .{0,80}|has (?:unknown scalar with mixed signed bounds|pointer with unsupported alu operation).{0,80}|stack pointer arithmetic.{0,60}|subtraction from stack.{0,40})",
		),
		says: (fields) =>
			`calculates with a pointer in a way that is not allowed: ${register(fields)} ${fields.what}`,
	},
	{
		code: "pointer-arithmetic",
		pattern: /^(?<type>\S+) pointer offset (?<offset>-?\d+) is not allowed/,
		says: ({ type, offset }) => `moves a pointer (${type}) by ${offset}, which is further than it may`,
	},
	{
		code: "pointer-arithmetic",
		pattern:
			/^(?:math between (?<type>\S+) pointer and|value -?\d+ makes (?<out>\S+) pointer be out of bounds)/,
		says: ({ type, out }) => `moves a pointer (${type ?? out}) further than it may`,
	},
	{
		code: "invalid-dereference",
		pattern: /^struct (?<struct>\S+) doesn't have field at offset (?<offset>\d+)/,
		says: ({ struct, offset }) =>
			`reads offset ${offset} of struct ${struct}, where this kernel has no field`,
		hint: () =>
			"read it with BPF_CORE_READ, or give the structure preserve_access_index, so that its offsets follow the kernel's layout",
	},
	{
		code: "invalid-dereference",
		pattern:
			/^(?<what>attempt to corrupt spilled pointer|invalid size of register (?:fill|spill)|cannot (?:spill pointers to stack|return stack pointer).{0,60}|direct access to \S+ is disallowed)/,
		says: ({ what }) => `treats a pointer in a way that is not allowed: ${what}`,
		hint: ({ what }) =>
			/register (?:fill|spill)/.test(String(what))
				? "save a pointer to the stack, and load it again, as a whole: 8 bytes"
				: undefined,
	},
];
