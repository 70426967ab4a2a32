// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";
import { callee, register, returned, typed, withRegister } from "./words.js";

/** What to do about a lock, where it is not to release it. */
const lockHints: readonly [RegExp, string][] = [
	[
		/requires RCU critical section|expected an RCU CS/,
		"call it between bpf_rcu_read_lock() and bpf_rcu_read_unlock()",
	],
	[
		/must be held for|held lock and object/,
		"take the lock that lies beside the list or tree, and hold it over the call",
	],
	[/rbtree c(?:b|allback)/, "only compare in the callback: it may not lock, unlock, or change the tree"],
	[/_unlock (?:cannot|of different|without)/, "unlock what is locked, the last one first"],
	[
		/irq (?:state|flag)/,
		"pass the variable on the stack that bpf_local_irq_save() filled, and restore in reverse order",
	],
];

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
			/^(?<what>.{0,80}(?:_spin_(?:un)?lock|bpf_spin_lock-ed|bpf_rcu_read_lock-ed|bpf_preempt_disable-ed|bpf_local_irq_save-ed|_unlock (?:cannot|of different|without)|while holding a lock|rcu read (?:un)?lock|AA deadlock|spin_\{lock,unlock\} in rbtree cb|held lock and object|expected an RCU CS|requires RCU critical section|with preemption disabled|enable preemption|irq (?:state|flag)|bpf_\w{1,40}(?:\(s\))? (?:is|are) missing|in unnecessary rbtree callback|not allowed in rbtree cb|Failed to acquire lock state).{0,120})/,
		says: ({ what }) => `breaks the rules of locking: ${what}`,
		hint: ({ what }) => lockHints.find(([words]) => words.test(String(what)))?.[1],
	},
	{
		code: "reference-leak",
		pattern: /^cannot overwrite referenced dynptr/,
		says: (_, place) => {
			const by = callee(place);
			return `${by ? `lets ${by} overwrite` : "overwrites"} a dynptr on its stack that still holds a reference`;
		},
		hint: () =>
			"release the dynptr first (bpf_ringbuf_submit_dynptr or _discard_dynptr), or use another slot",
	},
	{
		code: "reference-leak",
		pattern: /^(?<what>tail_call|BPF_LD_\[ABS\|IND\]) would lead to reference leak/,
		says: ({ what }) =>
			`does not release what it acquired before ${what === "tail_call" ? "its tail call" : "it reads the packet with BPF_LD_ABS or BPF_LD_IND"}`,
		hint: () => "release it on every path that leads there: what follows may end the program",
	},
	{
		code: "reference-leak",
		pattern: /^Unreleased reference id=(?<reference>\d+) alloc_insn=(?<acquired_at>\d+)/,
		says: ({ acquired_at }) =>
			`does not release what it acquired at instruction ${acquired_at} on every path`,
	},
	{
		code: "reference-leak",
		pattern: /^Leaking reference id=(?<reference>\d+) alloc_insn=(?<acquired_at>\d+)/,
		when: (_, place) => callee(place) !== undefined,
		says: ({ acquired_at }, place) =>
			`calls ${callee(place)} before it releases what it acquired at instruction ${acquired_at}`,
		hint: () => "release in reverse order: first what was acquired from the object, then the object",
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
			/^At callback return the register R[01] has (?<value>.{1,100}?) ?should have been in (?<range>.{1,80})/,
		says: ({ value, range }) =>
			`has a callback that returns ${returned(String(value))}, and its caller accepts only ${returned(String(range))}`,
		hint: () => "return only such values from the callback: 0 continues a loop, 1 ends it",
	},
	{
		code: "return-value-range",
		pattern:
			/^At (?:async|timer|workqueue) callback return the register R[01] has (?<value>.{1,100}?) ?should have been in (?<range>.{1,80})/,
		says: ({ value, range }) =>
			`has an asynchronous callback that returns ${returned(String(value))}, and only ${returned(String(range))} is allowed`,
		hint: () => "return only this value from the callback",
	},
	{
		code: "argument-value",
		pattern:
			/^At (?<where>bpf_\w{1,40}) the register R\d+ has (?<value>.{1,100}?) ?should have been in (?<range>.{1,80})/,
		says: ({ where, value, range }) =>
			`passes ${returned(String(value))} to ${where}, which accepts only ${returned(String(range))} here`,
	},
	{
		code: "return-value-range",
		pattern:
			/^At program exit the register R1 has (?<value>.{1,100}?) ?should have been in (?<range>.{1,80})/,
		when: (_, place) => callee(place) === "bpf_throw",
		says: ({ value, range }) =>
			`passes ${returned(String(value))} to bpf_throw, which the program then returns, but its attach point takes only ${returned(String(range))}`,
	},
	{
		code: "return-value-range",
		pattern:
			/^(?:At .{1,40} the register |.{0,60})R[01] has (?<value>.{1,100}?) ?should have been in (?<range>.{1,80})/,
		says: ({ value, range }) =>
			`returns ${returned(String(value))}, but its attach point takes only ${returned(String(range))}`,
	},
	{
		code: "return-value-range",
		pattern:
			/^(?:At (?<where>.{1,40}) the register R\d+ is not a (?:known|scalar) value(?: \((?<type>\S+)\))?|R0 not a scalar value)/,
		says: ({ where, type }) => {
			const found = type === undefined ? "something that is not a number" : typed(type);
			if (/callback/.test(String(where))) return `has a callback that returns ${found}`;
			return `returns ${found}, which its attach point does not take`;
		},
	},
	{
		code: "return-value-range",
		pattern: /^(?:Note, )?BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value/,
		says: () => "sets a return value at an LSM hook that returns nothing",
		hint: () => "do not call bpf_set_retval, and return 1, at hooks that return void",
	},
	{
		code: "global-function",
		pattern:
			/^(?<what>(?:Global function .{1,128}\(\) (?:with|doesn't return|return value)|global function .{1,128} has \d+ >|kernel supports at most \d+ parameters|Global functions need valid BTF|global function calls are not allowed|type '.{1,64}' has multiple type tags|function signature member has multiple type tags|exception cb only supports|func#\d+ writes \d+ stack arg slots|stack arg write offset|r11 load must be before|LD_ABS is (?:not allowed in subprogs|only allowed in functions)).{0,160})/,
		says: ({ what }) => `has a function that this kernel does not accept: ${what}`,
		hint: () =>
			"compile with -g, keep to 5 arguments and to an integer as result, or make the function static or inline",
	},
	{
		code: "global-function",
		pattern: /^Arg#(?<argument>\d+) type (?<type>\S+) in (?<function>\S+)\(\) is not supported yet/,
		says: ({ argument, function: name }) =>
			`has global function ${name}, whose argument ${Number(argument) + 1} this kernel cannot verify`,
	},
	{
		code: "global-function",
		pattern:
			/^(?<what>arg#\d+ (?:reference type\('[^']{0,128}'\) (?:has no matches|size cannot be determined).{0,20}|\S+ cannot be combined with any other tags))/,
		when: ({ what }) => !String(what).includes("'UNKNOWN"),
		says: ({ what }) => `has a global function whose argument the kernel cannot verify: ${what}`,
		hint: () =>
			"give the argument a type that is defined in the object, with one tag (__arg_trusted, ...), or make the function static",
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
			/^(?<what>(?:kernel function .{1,80} expected|arg#?\d+ .{1,80} expected|(?:arg#\d+|R\d+) pointer type .{1,80} must point to|(?:R\d+|\*\(R11-\d+\)|args?#?\d+|arg \d+|\S+) (?:is of type|must be|expects pointer|expected pointer|is a packet pointer|is expected to be non-NULL|is not a pointer|expected for|can only take|reference type|and \S+ memory, len|points to \S+ map|does not point to a readonly map|is not a constant address|arena pointer|prog->aux cannot|pointer type|is an unacquired reference|expected|is not a|doesn't point|is neither|has type|must have)|Caller passes invalid args|[Ee]xpected an? (?:initialized|uninitialized|dynptr|pointer)|expected (?:valid|uninitialized|prog array)|release (?:helper|kfunc|kernel)|helper access to the packet|Helper has invalid btf|Dynptr has|Invalid format string|string is not zero-terminated|cannot (?:pass (?:in|pointer to const)|release unowned)|allocated object must be referenced|rbtree_remove node input must|.{1,40} reference has not been acquired|expected \S+ or socket|invalid (?:map_ptr to access|arg_type for sockmap)|Unsupported reg type|bpf_(?:percpu_)?obj_new|kfunc bpf_rdonly_cast|Unknown type ID|Unrecognized (?:arg#?\d+|\S+) type|kernel function .{1,80} pointer type|direct value (?:access on string|offset)|bpf_percpu_obj_new|Function \S+ has \d+ > \d+ args|kfunc \S+ failed callback verification|failed to retrieve map value address|arena argument of|callback function|CONST_PTR_TO_DYNPTR|arg#\d+ |R\d+ (?:has to be|has no valid|pointer offset|memory size|is a)|args#\d+ ).{0,200})/,
		says: ({ what }, place) => `passes a wrong argument to ${callee(place) ?? "a function"}: ${what}`,
		hint: ({ what }) =>
			/^helper access to the packet/.test(String(what))
				? "copy the packet's bytes to the stack first, and pass those"
				: undefined,
	},
	{
		code: "invalid-dereference",
		pattern: /^(?<what>cannot access ptr member .{1,80})/,
		says: ({ what }) => `treats a pointer in a way that is not allowed: ${what}`,
		hint: () => "read a member that is a pointer as a whole: 8 bytes, at the member's own offset",
	},
	{
		code: "invalid-btf",
		pattern:
			/^(?<what>(?:invalid (?:type id \d+ in func info|func info|btf id|line_info|core_relo)|func_info BTF|number of funcs in func_info|nonzero tailing record|missing bpf_line_info|Invalid (?:line_info|core_relo)|Invalid type of function|BTF of func#|nonzero insn_off|same or smaller insn offset|Invalid insn code at line_info|btf_vmlinux is malformed|kern ctx type id|invalid btf_id for context|ldimm64 insn specifies invalid btf_id|pseudo btf_id|Type '.{1,64}' is not a struct|field \S+ doesn't have size|unable to resolve the size of type|ldimm64 unable to resolve|max struct nesting depth).{0,120})/i,
		says: ({ what }) => `carries BTF that the kernel does not accept: ${what}`,
	},
];
