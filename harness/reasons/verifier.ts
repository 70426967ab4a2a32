// SPDX-License-Identifier: Apache-2.0
import { helperName } from "./helpers.js";
import type { Place } from "./log.js";
import { bytes, type Fields, type Rule } from "./rule.js";

/** libbpf puts these numbers where a call could not be resolved (`poison_*` in libbpf.c, `bpf_core_poison_insn`). */
const poisonedRelocation = 195896080;
const poisonedMap = 2001000000;
const poisonedKfunc = 2002000000;

/** `reads`, `writes` or `lets bpf_x access`, by the instruction that was refused. */
function accesses(place: Place): string {
	const code = /^\(([0-9a-f]{2})\) (?:call (?:pc|([A-Za-z0-9_]+)))?/.exec(place.disassembly ?? "");
	if (!code) return "accesses";
	const opcode = Number.parseInt(code[1]!, 16);
	if (opcode === 0x85) return `lets ${code[2] ?? "a function"} access`;
	return [2, 3].includes(opcode & 7) ? "writes" : "reads";
}

const callee = (place: Place) => /call ([A-Za-z0-9_]+)/.exec(place.disassembly ?? "")?.[1];
const register = (fields: Fields) => `R${fields.register}`;

/** A pointer's type as the verifier names it, or what the type means where its name says nothing. */
function typed(type: string | number | undefined): string {
	if (type === "inv" || type === "scalar") return "a number";
	if (type === "fp") return "a stack pointer";
	if (type === "ctx") return "the context";
	return String(type);
}

const named = (fields: Fields) => {
	const id = Number(fields.helper_id);
	const name = fields.helper && fields.helper !== "unknown" ? fields.helper : helperName(id);
	return name ? `${name} (#${id})` : `#${id}`;
};
const helperFeature = (fields: Fields) =>
	`helper:${(fields.helper && fields.helper !== "unknown" ? String(fields.helper) : (helperName(Number(fields.helper_id)) ?? `#${fields.helper_id}`)).replace(/^bpf_/, "")}` as const;

/** R1, or `*(R11-8)` for an argument on the stack (from 7.3). */
const reg = "(?:R(?<register>\\d+)|\\*\\(R11-\\d+\\))";
const re = (source: string) => new RegExp(source.replaceAll("<reg>", reg));

/** What the verifier says, from the most telling message to the least. Wordings of 5.10 to 7.3. */
export const verifierRules: readonly Rule[] = [
	// libbpf writes these two into the log in place of the poisoned call.
	{
		code: "core-relocation",
		pattern:
			/^failed to resolve CO-RE relocation <(?<relocation>[a-z_]+)> \[\d+\] (?:(?:struct|union|enum|enum64|typedef|const|volatile) )*(?<type>[A-Za-z0-9_$<>]+)(?:(?:\.|::)(?<field>[^ (]+))?/,
		says: ({ relocation, type, field }) => {
			if (field === undefined) return `needs type ${type}, which this kernel does not have`;
			if (String(relocation).startsWith("enumval"))
				return `needs enumerator ${field} of ${type}, which this kernel does not have`;
			return `needs field ${field} of ${type}, which this kernel does not have`;
		},
	},
	{
		code: "kfunc-missing",
		pattern: /^kfunc '(?<kfunc>[^']+)' is referenced but wasn't resolved/,
		says: ({ kfunc }) => `calls kernel function ${kfunc}, which this kernel does not have`,
		feature: ({ kfunc }) => `kfunc:${kfunc}`,
	},
	{
		code: "map-type-unsupported",
		pattern: /^BPF map '(?<map>[^']+)' is referenced but wasn't created/,
		says: ({ map }) => `uses map ${map}, which was not created on this kernel`,
	},
	{
		code: "core-relocation",
		pattern: /^invalid func unknown#(?<helper_id>\d+)/,
		when: ({ helper_id }) => helper_id === poisonedRelocation,
		says: () => "needs a type, field or enumerator that this kernel does not have (libbpf did not say which)",
	},
	{
		code: "kfunc-missing",
		pattern: /^invalid func unknown#(?<helper_id>\d+)/,
		when: ({ helper_id }) =>
			Number(helper_id) >= poisonedKfunc && Number(helper_id) < poisonedKfunc + 1_000_000,
		says: () => "calls a kernel function that this kernel does not have (libbpf did not say which)",
	},
	{
		code: "map-type-unsupported",
		pattern: /^invalid func unknown#(?<helper_id>\d+)/,
		when: ({ helper_id }) => Number(helper_id) >= poisonedMap && Number(helper_id) < poisonedKfunc,
		says: () => "uses a map that was not created on this kernel (libbpf did not say which)",
	},

	// Helpers and kfuncs.
	{
		code: "helper-unknown",
		pattern: /^invalid func (?<helper>[A-Za-z0-9_]+)#(?<helper_id>\d+)/,
		says: (fields) => `calls helper ${named(fields)}, which this kernel does not know`,
		feature: helperFeature,
	},
	{
		code: "helper-not-allowed",
		pattern:
			/^(?:unknown func|program of this type cannot use helper) (?<helper>[A-Za-z0-9_]+)#(?<helper_id>\d+)/,
		says: (fields) =>
			`calls helper ${named(fields)}, which this kernel does not offer to programs of this type`,
		feature: helperFeature,
	},
	{
		code: "helper-not-allowed",
		pattern: /^helper call is not allowed in probe/,
		says: (_, place) =>
			`calls helper ${callee(place) ?? ""}, which is not allowed at this attach point`.replace("  ", " "),
	},
	{
		code: "helper-not-allowed",
		pattern:
			/^func (?<helper>[A-Za-z0-9_]+)#(?<helper_id>\d+) (?:not supported for program type|supported only for)/,
		says: (fields) => `calls helper ${named(fields)}, which is not offered to programs of this type`,
	},
	{
		code: "type-mismatch",
		pattern: /^cannot pass map_type (?<map_type>\d+) into func (?<helper>[A-Za-z0-9_]+)#(?<helper_id>\d+)/,
		says: (fields) =>
			`passes a map of a type (${fields.map_type}) that helper ${named(fields)} does not take`,
	},
	{
		code: "gpl-only",
		pattern: /^cannot call GPL(?:-restricted|_only) function from non-GPL compatible program/,
		says: (_, place) =>
			`calls ${callee(place) ?? "a helper"}, which is kept for GPL-compatible programs, and its licence is not`,
	},
	{
		code: "gpl-only",
		pattern: /^cannot call kernel function from non-GPL compatible program/,
		says: () => "calls kernel functions, which are kept for GPL-compatible programs, and its licence is not",
	},
	{
		code: "gpl-only",
		pattern: /^struct ops programs must have a GPL compatible license/,
		says: () => "is a struct_ops program, which must be GPL-compatible, and its licence is not",
	},
	{
		code: "kfunc-not-allowed",
		pattern: /^calling kernel function (?<kfunc>\S+) is not allowed/,
		says: ({ kfunc }) => `calls kernel function ${kfunc}, which is not offered to programs of this type`,
	},
	{
		code: "config-disabled",
		pattern: /^calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF/,
		says: () => "calls kernel functions, and this kernel is built without CONFIG_DEBUG_INFO_BTF",
	},
	{
		code: "btf-missing",
		pattern:
			/^(?:in-kernel BTF is malformed|kernel is missing BTF|missing btf func_info|map '.{1,64}' has to have BTF)/,
		says: () => "needs BTF that the object or the kernel does not have",
	},
	{
		code: "jit-missing",
		pattern:
			/^(?<what>(?:JIT (?:is required|does ?n[o']t support)|program requires BPF JIT compiler|callbacks are not allowed in non-JITed|tail_calls are not allowed in non-JITed|Private stack not supported by jit).*)/,
		says: ({ what }) => `needs more of the JIT compiler than there is: ${what}`,
	},
	{
		code: "permission",
		pattern:
			/^(?<what>.{0,200}(?:is|are) (?:allowed only to|allowed for|required to use) .{0,20}CAP_.{0,80})/,
		says: ({ what }) => `needs a capability that the loader does not have: ${what}`,
	},
	{
		code: "permission",
		pattern: /^(?<what>.{0,80}(?:require|requires) CAP_[A-Z_]+ ?.{0,60})/,
		says: ({ what }) => `needs a capability that the loader does not have: ${what}`,
	},

	// Where it may be attached.
	{
		code: "attach-target-not-allowed",
		pattern: /^(?<target>\S+?)(?:\(\))? is not (?<ability>modifiable|sleepable)$/,
		says: ({ target, ability }) => `is for ${target}, which is not ${ability}`,
	},
	{
		code: "attach-target-not-allowed",
		pattern: /^Attaching .{0,80} to (?:__noreturn )?function '(?<target>[^']+)' is rejected/,
		says: ({ target }) => `is for ${target}, to which such programs may not be attached`,
	},
	{
		code: "attach-target-not-allowed",
		pattern:
			/^(?<what>(?:Tracing programs must provide btf_id|Cannot (?:replace|extend|recursively attach)|Program of this type cannot be sleepable|Syscall programs can only be sleepable|attach_btf_id \d+ is not|attach to (?:invalid|unsupported) member|The address of function |Subprog .{1,80} doesn't exist|Extension programs should be JITed|Target program bound device|Only fentry\/fexit|Only fentry,|bpf_lsm hook|(?:The )?func proto of .{1,80} is not|points to disabled hook).{0,200})/,
		says: ({ what }) => `may not be attached to its target: ${what}`,
	},

	// Limits.
	{
		code: "complexity-limit",
		pattern: /^BPF program is too large\. Processed (?<insns_processed>\d+) insn/,
		says: ({ insns_processed }) =>
			`is too complex: the verifier gave up after ${insns_processed} instructions`,
	},
	{
		code: "complexity-limit",
		pattern: /^The sequence of (?<jumps>\d+) jumps is too complex/,
		says: ({ jumps }) => `is too complex: the verifier gave up on a sequence of ${jumps} jumps`,
	},
	{
		code: "complexity-limit",
		pattern: /^liveness analysis exceeded complexity limit \((?<calls>\d+) calls\)/,
		says: ({ calls }) =>
			`is too complex: the verifier gave up after ${calls} calls in its analysis of what lives`,
	},
	{
		code: "complexity-limit",
		pattern: /(?:too many iterations$|bpf_loop iteration limit reached)/,
		says: () => "is too complex: the verifier gave up on a loop",
	},
	{
		code: "stack-limit",
		pattern: /^combined stack size of (?<calls>\d+) calls is (?<stack>\d+)\. Too large/,
		says: ({ calls, stack }) =>
			`needs ${stack} bytes of stack over ${calls} nested calls, and 512 is the most`,
	},
	{
		code: "stack-limit",
		pattern: /^stack size of subprog (?<subprogram>\d+) is (?<stack>\d+)\. Too large/,
		says: ({ stack }) => `needs ${stack} bytes of stack in one function, and 512 is the most`,
	},
	{
		code: "stack-limit",
		pattern:
			/^(?:stack size (?<stack>\d+)\(extra|stack depth (?<depth>\d+) exceeds|tail_calls are not allowed when call stack of previous frames is (?<tail>\d+) bytes)/,
		says: ({ stack, depth, tail }) => `needs more stack than it may have (${stack ?? depth ?? tail} bytes)`,
	},
	{
		code: "call-depth",
		pattern: /^the call stack of (?<frames>\d+) frames is too deep/,
		says: ({ frames }) => `nests its calls ${frames} deep, which is more than the kernel takes`,
	},
	{
		code: "call-depth",
		pattern: /^recursive call from (?<caller>\S+)\(\) to (?<callee>\S+)\(\)/,
		says: ({ caller, callee }) =>
			caller === callee ? `calls ${caller} from itself` : `calls ${callee} from ${caller}, in a circle`,
	},

	// Control flow.
	{
		code: "unbounded-loop",
		pattern: /^infinite loop detected at insn (?<instruction>\d+)/,
		says: () => "has a loop that never ends",
	},
	{
		code: "unbounded-loop",
		pattern: /^back-edge from insn (?<from>\d+) to (?<to>\d+)/,
		says: ({ from, to }) =>
			`jumps or calls back from instruction ${from} to ${to}, which this kernel does not allow here`,
	},
	{
		code: "unbounded-loop",
		pattern: /^loop is not bounded/,
		says: () => "has a loop without a bound",
	},
	{
		code: "unreachable-code",
		pattern: /^unreachable insn (?<instruction>\d+)/,
		says: ({ instruction }) => `has code that can never run, from instruction ${instruction}`,
	},
	{
		code: "jump-out-of-range",
		pattern: /jump out of range from insn (?<instruction>\d+) to (?<to>-?\d+)/,
		says: ({ to }) => `jumps out of the program or function, to instruction ${to}`,
	},
	{
		code: "jump-out-of-range",
		pattern:
			/^(?:last insn is not an exit or jmp|invalid insn idx (?<instruction>\d+) insn_cnt|call to invalid destination|jump into the middle of ldimm64 insn (?<middle>\d+)|jump table for insn)/,
		says: () => "can run over its end or jump to where no instruction is",
	},
	{
		code: "invalid-instruction",
		pattern: /^unknown opcode (?<opcode>[0-9a-f]{2})/,
		says: ({ opcode }) => `has an instruction that this kernel does not know (opcode 0x${opcode})`,
	},
	{
		code: "invalid-instruction",
		pattern:
			/^(?<what>(?:BPF_\S+ uses (?:reserved fields|invalid)|invalid BPF_|unknown insn class|unrecognized bpf_ld_imm64|invalid bpf_ld_imm64|R\d+ is invalid|invalid shift|div by zero|frame pointer is read only|BPF_LD_\[ABS\|IND\] instructions not allowed|addr_space_cast insn|invalid atomic operand|invalid may_goto|fd \d+ is not pointing to valid bpf_map|BPF_ATOMIC (?:loads|stores)|tail_call is).{0,120})/,
		says: ({ what }) => `has an instruction that is not valid: ${what}`,
	},

	// Memory.
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
			`${accesses(place)} ${bytes(size)} at a computed offset of the packet, of which only ${bytes(proven)} were proven to be there`,
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
		pattern: re("^<reg> unbounded memory access"),
		says: (fields, place) =>
			`${accesses(place)} memory at an offset (${register(fields)}) that nothing bounds`,
	},
	{
		code: "out-of-bounds",
		pattern: re("^<reg> (?<end>min|max) value is (?:negative|outside of the allowed memory range)"),
		says: (fields, place) =>
			`${accesses(place)} memory at an offset (${register(fields)}) that may be too ${fields.end === "min" ? "small" : "large"}`,
	},
	{
		code: "uninitialised-read",
		pattern:
			/^invalid (?:indirect )?read from stack (?:R\d+ )?off (?<offset>-?\d+)\+(?<byte>\d+) size (?<size>\d+)/,
		says: ({ offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} of stack at fp${offset}, not all of which were written before`,
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
			/^(?:leaking pointer from stack off|reading from stack .{0,80}poisoned by dead code elimination|invalid indirect read from stack .{0,40}var_off)/,
		says: (_, place) => `${accesses(place)} stack, not all of which was written before`,
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
		pattern: re("^<reg> !read_ok"),
		says: (fields) => `reads register ${register(fields)} before anything was written to it`,
	},
	{
		code: "null-dereference",
		pattern: re("^<reg> invalid mem access '(?<type>[^']*_or_null)'"),
		says: (fields) => `dereferences ${register(fields)} without testing it for NULL (${fields.type})`,
	},
	{
		code: "null-dereference",
		pattern: re("^<reg> type=(?<type>\\S*_or_null\\S*) expected="),
		says: (fields, place) =>
			`passes ${register(fields)} to ${callee(place) ?? "a function"} without testing it for NULL (${fields.type})`,
	},
	{
		code: "null-dereference",
		pattern:
			/^Possibly NULL pointer passed to (?:helper|trusted) (?:R(?<register>\d+)|arg(?<argument>\d+)|\S+)/,
		says: (_, place) => `passes a pointer to ${callee(place) ?? "a function"} without testing it for NULL`,
	},
	{
		code: "null-dereference",
		pattern: re("^<reg> pointer arithmetic on (?<type>\\S*_or_null) prohibited"),
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
		pattern:
			/^invalid (?:bpf_context access|access to context, ctx_size=(?<context_size>\d+)) off=(?<offset>-?\d+) size=(?<size>\d+)/,
		says: ({ offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of its context, which this program type does not offer on this kernel`,
	},
	{
		code: "invalid-context-access",
		pattern: re(
			"^(?:dereference of modified|negative offset) ctx ptr <reg> off=(?<offset>-?\\d+) disallowed",
		),
		says: ({ offset }) => `accesses its context through a pointer that was moved by ${offset}`,
	},
	{
		code: "invalid-context-access",
		pattern:
			/^(?:variable ctx access|invalid bpf_context access off=(?<offset>-?\d+)\. Reference may|BPF_ST stores into R\d+ ctx|.{0,40}leaks addr into ctx)/,
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
		pattern: /^read from map forbidden/,
		says: () => "reads from a map that it may only write",
	},
	{
		code: "lock-misuse",
		pattern: /^(?<field>bpf_\S+) cannot be accessed (?:directly by load\/store|indirectly by helper)/,
		says: ({ field }, place) => `${accesses(place)} the inside of a ${field}`,
	},
	{
		code: "pointer-leak",
		pattern: re("^<reg> leaks addr (?<where>.{1,60})"),
		says: (fields) => `lets a kernel address out (${register(fields)} ${fields.where})`,
	},
	{
		code: "invalid-dereference",
		pattern: re("^<reg> invalid mem access '(?<type>[^']*)'"),
		says: (fields) =>
			`dereferences ${register(fields)}, which holds ${typed(fields.type)} and not a pointer to memory`,
	},
	{
		code: "invalid-dereference",
		pattern: re("^<reg> invalid (?<type>\\S+) access off=(?<offset>-?\\d+) size=(?<size>\\d+)"),
		says: ({ type, offset, size }, place) =>
			`${accesses(place)} ${bytes(size)} at offset ${offset} of ${type}, which is no field it may access`,
	},
	{
		code: "invalid-dereference",
		pattern:
			/^(?:access beyond (?:struct|the end of member) (?<type>\S+)|dereference of modified (?<modified>\S+) ptr)/,
		says: ({ type, modified }, place) => `${accesses(place)} ${type ?? modified} where it may not`,
	},
	{
		code: "pointer-arithmetic",
		pattern: re(
			"^<reg> (?<what>pointer (?:arithmetic|[-+*/&|^]= pointer|comparison).{0,80}|bitwise operator .{0,60}|tried to .{0,80}|has unknown scalar with mixed signed bounds.{0,40}|stack pointer arithmetic.{0,60}|subtraction from stack.{0,40})",
		),
		says: (fields) =>
			`calculates with a pointer in a way that is not allowed: ${register(fields)} ${fields.what}`,
	},
	{
		code: "pointer-arithmetic",
		pattern:
			/^(?:math between (?<type>\S+) pointer and|value -?\d+ makes (?<out>\S+) pointer be out of bounds)/,
		says: ({ type, out }) => `moves a pointer (${type ?? out}) further than it may`,
	},

	// Calls, references, locks.
	{
		code: "sleepable-in-atomic",
		pattern:
			/^(?:sleepable (?:helper|global function) (?<callee>[A-Za-z0-9_]+).{0,12} (?:called )?in (?<context>.{1,60})|kernel func (?<kfunc>\S+) is sleepable within (?<region>.{1,60})|helper call might sleep in a non-sleepable prog|program must be sleepable to call sleepable kfunc (?<sleepable>\S+))/,
		says: ({ callee: helper, kfunc, sleepable, context, region }, place) =>
			`calls ${helper ?? kfunc ?? sleepable ?? callee(place) ?? "a function"}, which may sleep, in ${context ?? region ?? "a program that may not"}`,
	},
	{
		code: "lock-misuse",
		pattern:
			/^(?<what>.{0,80}(?:_spin_(?:un)?lock|bpf_spin_lock-ed|bpf_rcu_read_lock-ed|bpf_preempt_disable-ed|bpf_local_irq_save-ed|_unlock (?:cannot|of different|without)|while holding a lock|rcu read (?:un)?lock|AA deadlock|enable preemption|irq (?:state|flag)).{0,120})/,
		says: ({ what }) => `breaks the rules of locking: ${what}`,
	},
	{
		code: "reference-leak",
		pattern: /^Unreleased reference id=(?<reference>\d+) alloc_insn=(?<acquired_at>\d+)/,
		says: ({ acquired_at }) =>
			`does not release what it acquired at instruction ${acquired_at} on every path`,
	},
	{
		code: "reference-leak",
		pattern:
			/^(?:Leaking reference id=(?<reference>\d+) alloc_insn=(?<acquired_at>\d+)|.{0,80}would lead to reference leak|tail_call would lead)/,
		says: () => "does not release what it acquired on every path",
	},
	{
		code: "return-value-range",
		pattern:
			/^(?:At .{1,40} the register |.{0,60})R0 has (?<value>.{1,100}?) ?should have been in (?<range>.{1,80})/,
		says: ({ value, range }) =>
			`returns a value that its attach point does not allow: ${value}, which should be in ${range}`,
	},
	{
		code: "return-value-range",
		pattern:
			/^(?:At .{1,40} the register R0 is not a known value|At subprogram exit the register R0|R0 not a scalar value)/,
		says: () => "returns something that its attach point does not allow",
	},
	{
		code: "type-mismatch",
		pattern: re("^<reg> type=(?<type>\\S+) expected=(?<expected>.{1,300})"),
		says: (fields, place) =>
			`passes ${typed(fields.type)} as ${register(fields)} to ${callee(place) ?? "a function"}, which takes ${fields.expected}`,
	},
	{
		code: "type-mismatch",
		pattern:
			/^(?<what>(?:kernel function .{1,80} expected|arg#?\d+ .{1,80} expected|R\d+ (?:is of type|must be|expected|is not a|doesn't point|is neither|has type|must have)|Caller passes invalid args|[Ee]xpected an? (?:initialized|uninitialized|dynptr|pointer)|expected (?:valid|uninitialized|prog array)|release (?:helper|kfunc|kernel)|helper access to the packet|arg\d+ |args#\d+ ).{0,200})/,
		says: ({ what }, place) => `passes a wrong argument to ${callee(place) ?? "a function"}: ${what}`,
	},
	{
		code: "invalid-btf",
		pattern:
			/^(?<what>(?:invalid (?:type id \d+ in func info|func info|btf id|line_info|core_relo)|func_info BTF|number of funcs in func_info|nonzero tailing record|missing bpf_line_info|Invalid (?:line_info|core_relo)).{0,120})/i,
		says: ({ what }) => `carries BTF that the kernel does not accept: ${what}`,
	},
];

/** The categories and problems of 7.3's diagnosis, for a log whose classic words are not known (or not there). */
export const diagnosisRules: readonly Rule[] = [
	{ code: "out-of-bounds", pattern: /^Memory Safety: access outside bounds/i, says: () => "" },
	{
		code: "uninitialised-read",
		pattern:
			/^(?:Memory Safety: .{0,60}uninit|Register Type Safety: (?:unreadable register|missing stack argument))/i,
		says: () => "",
	},
	{ code: "invalid-dereference", pattern: /^Register Type Safety: invalid dereference/i, says: () => "" },
	{ code: "reference-leak", pattern: /^Resource Lifetime Safety: unreleased resource/i, says: () => "" },
	{ code: "lock-misuse", pattern: /^Resource Lifetime Safety: .{0,60}(?:lock|IRQ)/i, says: () => "" },
	{ code: "type-mismatch", pattern: /^Call Type Safety: /i, says: () => "" },
	{ code: "unreachable-code", pattern: /^Program Structure: unreachable/i, says: () => "" },
	{
		code: "jump-out-of-range",
		pattern: /^Program Structure: (?:.{0,40}jump|subprogram can fall through)/i,
		says: () => "",
	},
	{ code: "unbounded-loop", pattern: /^Program Structure: back-edge/i, says: () => "" },
	{ code: "call-depth", pattern: /^Program Structure: recursive/i, says: () => "" },
	{ code: "lock-misuse", pattern: /^Execution Context Safety: (?:unmatched|required)/i, says: () => "" },
];
