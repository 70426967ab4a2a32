// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";
import { callee, register, returned, typed, withRegister } from "./words.js";

/** Arguments, return values, references, locks. */
export const argumentRules: readonly Rule[] = [
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
			/^(?<what>.{0,80}(?:_spin_(?:un)?lock|bpf_spin_lock-ed|bpf_rcu_read_lock-ed|bpf_preempt_disable-ed|bpf_local_irq_save-ed|_unlock (?:cannot|of different|without)|while holding a lock|rcu read (?:un)?lock|AA deadlock|spin_\{lock,unlock\} in rbtree cb|held lock and object|expected an RCU CS|requires RCU critical section|enable preemption|irq (?:state|flag)|^bpf_\w{1,40} is missing).{0,120})/,
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
			`returns ${returned(String(value))}, but its attach point takes only ${returned(String(range))}`,
	},
	{
		code: "return-value-range",
		pattern:
			/^(?:At .{1,40} the register R0 is not a known value|At subprogram exit the register R0|R0 not a scalar value)/,
		says: () => "returns something that its attach point does not allow",
	},
	{
		code: "global-function",
		pattern: /^Arg#(?<argument>\d+) type (?<type>\S+) in (?<function>\S+)\(\) is not supported yet/,
		says: ({ argument, function: name }) =>
			`has global function ${name}, whose argument ${Number(argument) + 1} this kernel cannot verify`,
	},
	{
		code: "type-mismatch",
		pattern: withRegister("^<reg> type=(?<type>\\S+) expected=(?<expected>.{1,300})"),
		says: (fields, place) =>
			`passes ${typed(fields.type)} as ${register(fields)} to ${callee(place) ?? "a function"}, which takes ${fields.expected}`,
	},
	{
		code: "type-mismatch",
		pattern:
			/^(?<what>(?:kernel function .{1,80} expected|arg#?\d+ .{1,80} expected|(?:arg#\d+|R\d+) pointer type .{1,80} must point to|R\d+ (?:is of type|must be|expected|is not a|doesn't point|is neither|has type|must have)|Caller passes invalid args|[Ee]xpected an? (?:initialized|uninitialized|dynptr|pointer)|expected (?:valid|uninitialized|prog array)|release (?:helper|kfunc|kernel)|helper access to the packet|Helper has invalid btf|Dynptr has|Invalid format string|string is not zero-terminated|cannot (?:pass in|overwrite referenced dynptr|tail call within callback)|callback function|CONST_PTR_TO_DYNPTR|arg#\d+ |R\d+ (?:has to be|has no valid|pointer offset|memory size|is a)|args#\d+ ).{0,200})/,
		says: ({ what }, place) => `passes a wrong argument to ${callee(place) ?? "a function"}: ${what}`,
	},
	{
		code: "invalid-btf",
		pattern:
			/^(?<what>(?:invalid (?:type id \d+ in func info|func info|btf id|line_info|core_relo)|func_info BTF|number of funcs in func_info|nonzero tailing record|missing bpf_line_info|Invalid (?:line_info|core_relo)).{0,120})/i,
		says: ({ what }) => `carries BTF that the kernel does not accept: ${what}`,
	},
];
