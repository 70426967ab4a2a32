// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";
import { callee, helperFeature, mapTypeName, named } from "./words.js";

/** Helpers, kernel functions and attach targets that the program may not use. */
export const callRules: readonly Rule[] = [
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
		pattern: /^(?:cannot tail call within callback|program with (?<ref>__ref) argument cannot tail call)/,
		says: ({ ref }) =>
			ref
				? "tail-calls while it owns a reference that came as its argument (__ref)"
				: "tail-calls in a callback, or in a function that a callback calls",
		hint: ({ ref }) =>
			ref
				? "do without tail calls in this program"
				: "return from the callback first, and tail-call in the function that called the helper",
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
			`passes a map of type ${mapTypeName(fields.map_type)}, which helper ${named(fields)} does not take`,
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
		pattern: /^Cannot access kernel '(?<type>[^']{1,128})' from non-GPL compatible program/,
		says: ({ type }) =>
			`reads kernel ${type}, which is kept for GPL-compatible programs, and its licence is not`,
	},
	{
		code: "gpl-only",
		pattern: /^(?<kind>struct ops|LSM) programs must have a GPL compatible license/,
		says: ({ kind }) =>
			`is ${kind === "LSM" ? "an LSM" : "a struct_ops"} program, which must be GPL-compatible, and its licence is not`,
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
			/^(?<what>(?:mixing of tail_calls and bpf-to-bpf calls|stack args are not supported in non-JITed|JIT (?:is required|does ?n[o']t support)|program requires BPF JIT compiler|callbacks are not allowed in non-JITed|tail_calls are not allowed in non-JITed|Private stack not supported by jit|calling kernel functions are not allowed in non-JITed|tail_calls are not allowed in programs with stack args).*)/,
		says: ({ what }) => `needs more of the JIT compiler than there is: ${what}`,
	},
	{
		code: "permission",
		pattern:
			/^(?<what>.{0,200}(?:is|are) (?:allowed only to|allowed for|required to use|required) .{0,20}CAP_.{0,80})/,
		says: ({ what }) => `needs a capability that the loader does not have: ${what}`,
	},
	{
		code: "permission",
		pattern: /^(?<what>.{0,80}(?:require|requires) CAP_[A-Z_]+ ?.{0,60})/,
		says: ({ what }) => `needs a capability that the loader does not have: ${what}`,
	},

	{
		code: "kfunc-missing",
		pattern:
			/^(?:cannot find address for kernel function (?<kfunc>\S+)|ldimm64 failed to find the address for kernel symbol '(?<symbol>[^']+)')/,
		says: ({ kfunc, symbol }) => `refers to ${kfunc ?? symbol}, whose address this kernel does not give`,
	},
	{
		code: "kfunc-not-allowed",
		pattern:
			/^(?<what>(?:css_task_iter is only allowed in|metadata kfuncs (?:require|can't)|\S+ cannot be used in tracing programs on types with NMI unsafe fields|signed program cannot bind any BTF|kernel function \S+ (?:returns pointer type|unhandled dynamic)|2 or more rdonly|kfunc \S+ has inconsistent|acquire kernel function does not return).{0,120})/,
		says: ({ what }) => `may not call this kernel function: ${what}`,
	},
	{
		code: "module-absent",
		pattern: /^struct_ops module (?<module>\S+) is not found/,
		says: ({ module }) => `implements struct_ops of module ${module}, which is not loaded`,
	},
	{
		code: "attach-target-not-allowed",
		pattern: /points to disabled hook (?<target>\S+)/,
		says: ({ target }) =>
			`is for LSM hook ${String(target).replace(/^bpf_lsm_/, "")}, which this kernel does not open to BPF`,
		hint: () =>
			"use another LSM hook: the kernel's BTF set bpf_lsm_disabled_hooks lists those that are closed",
	},
	{
		code: "target-mismatch",
		pattern:
			/^(?<what>arg\d+ in \S+\(\) (?:is \S.{0,60} while|has size \d+ while|has unrecognized type|is not a pointer to context).{0,120}|arg\d+ \S+\(struct .{1,128}\) doesn't match .{1,128}|Return type \S.{0,60} of .{1,128} doesn't match .{1,128}|\S+\(\) has \d+ args while .{1,128}|Return type UNKNOWN.{0,80})/,
		says: ({ what }) => `does not match the function that it replaces: ${what}`,
	},
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
		pattern: /^The function (?<target>\S+) arg(?<argument>\d+) type (?:STRUCT|UNION) is unsupported/,
		says: ({ target, argument }) =>
			`is for ${target}, whose argument ${Number(argument) + 1} is a structure by value, which this kernel does not pass to programs`,
		hint: () => "use another function on such kernels: most take structures of up to 16 bytes from 6.1 on",
	},
	{
		code: "attach-target-missing",
		pattern: /^The address of function (?<target>\S+) cannot be found/,
		says: ({ target }) =>
			`is for ${target}, which is in this kernel's BTF but not among its symbols: the compiler inlined or split it`,
	},
	{
		code: "attach-target-not-allowed",
		pattern:
			/^(?<what>(?:Tracing program|Attach to function|Can attach|Only FENTRY|Extension program|Program extension|Sleepable program cannot attach|The function .{1,128} (?:arg\d|has|return|with)|ret type |can't modify return codes|Return type |func '.{1,128}' (?:arg\d{1,2} (?!type \w+ is not a struct))|\S+\(\) (?:has \d+ args|is not a global)|Cannot (?:replace|extend|recursively attach|nest|attach)|Program of this type cannot be sleepable|Syscall programs can only be sleepable|FENTRY\/FEXIT program can only|Attaching fexit\/fmod_ret to|freplace programs with|attach_btf_id \d+ |attach to (?:invalid|unsupported) member|Subprog .{1,80} doesn't exist|Extension programs should be JITed|Target program bound device|Only fentry\/fexit|Only fentry,|bpf_lsm hook|(?:The )?func proto of .{1,80} is not|points to disabled hook).{0,200})/,
		says: ({ what }) => `may not be attached to its target: ${what}`,
	},
];
