// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";
import { typed } from "./words.js";

/** What to do about an instruction that no instruction set allows. */
const hints: readonly [RegExp, string][] = [
	[/^div by zero/, "divide by a number that is not 0"],
	[/^invalid shift/, "shift by less than the number of bits"],
	[/^frame pointer/, "do not write to R10: check inline assembly"],
	[/^R\d+ is invalid/, "use R0 to R10 only: check inline assembly"],
	[/bpf_map$/, "name the map in the source, so that libbpf writes its descriptor: check inline assembly"],
	[/LD_/, "read the packet with bpf_skb_load_bytes() there, or release references and locks first"],
	[
		/jump table|PTR_TO_INSN/,
		"jump to addresses of the function's own jump table: compile with a newer clang",
	],
];

export const flowRules: readonly Rule[] = [
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
		code: "program-too-large",
		pattern:
			/^(?<what>(?:The total number of (?:maps|btfs) per program|too many (?:subprograms|different (?:kernel function calls|module BTFs))|fd_array has too many|insn \d+ cannot be patched due to 16-bit range|function name \S+ is too long).{0,80})/,
		says: ({ what }) => `uses more than the kernel takes: ${what}`,
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
		pattern: /^recursive call from (?<caller>\S*)\(\) to (?<callee>\S*)\(\)/,
		says: ({ caller, callee }) =>
			caller === callee ? `calls ${caller} from itself` : `calls ${callee} from ${caller}, in a circle`,
	},

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
		says: () => "has code that can never run",
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
		pattern: /^BPF_STX uses reserved fields/,
		when: (_, { disassembly = "" }) => disassembly === "" || /^\((?:c3|db)\)/.test(disassembly),
		says: () =>
			"has an atomic instruction that this kernel does not know: before 5.12 there is only an addition without result",
		hint: () =>
			"do not use the result of __sync_fetch_and_add(), or use a per-CPU map: fetching atomics need 5.12",
	},
	{
		code: "invalid-instruction",
		pattern: /^BPF_ATOMIC (?<kind>loads|stores) (?:from|into) R(?<register>\d+) (?<type>\S+) is not allowed/,
		says: ({ kind, register, type }) =>
			`has an atomic instruction that ${kind === "loads" ? "loads from" : "writes to"} R${register}, which holds ${typed(type)}`,
		hint: () =>
			"use atomic instructions on map values and on stack: this memory takes plain loads and stores",
	},
	{
		code: "invalid-instruction",
		pattern:
			/^(?<what>div by zero|invalid shift .{1,40}|frame pointer is read only|R\d+ is invalid|fd \d+ is not pointing to valid bpf_map|(?:BPF_LD_\[ABS\|IND\] (?:instructions not allowed|cannot be mixed)|at the time of BPF_LD_ABS|cannot use BPF_LD_\[ABS\|IND\]).{0,100}|no jump tables found for subprog.{0,40}|R\d+ has type \S+ expected PTR_TO_INSN)/,
		says: ({ what }) => `has an instruction that is not valid: ${what}`,
		hint: ({ what }) => hints.find(([words]) => words.test(String(what)))?.[1],
	},
	{
		code: "invalid-instruction",
		pattern:
			/^(?<what>(?:BPF_\S+ uses (?:reserved fields|invalid)|invalid BPF_|unknown insn class|unrecognized bpf_ld_imm64|invalid bpf_ld_imm64|sign extending loads from arena|64-bit (?:load-acquires|store-releases)|fd_idx|kfunc (?:fd_idx|offset)|fd_array_cnt|invalid module BTF|BTF fd for kfunc|negative offset disallowed for kernel module|failed to find BTF for kernel function|kernel (?:function )?btf_id|invalid kernel function btf_id|cannot find function \S+ in BTF|address of kernel func|tail_call abusing map_ptr|adding tail call poke|tracking tail call prog|Unknown conditional jump|signed program (?:must bind|cannot reference)|addr_space_cast insn|invalid atomic operand|invalid may_goto|tail_call is).{0,120})/,
		says: ({ what }) => `has an instruction that is not valid: ${what}`,
	},
];
