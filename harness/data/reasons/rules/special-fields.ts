// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";
import { callee, withRegister } from "./words.js";

/** Special fields of maps and objects, values of arguments, exceptions, maps not allowed. */
export const specialFieldRules: readonly Rule[] = [
	{
		code: "kptr-misuse",
		pattern: /^store to (?<field>referenced kptr|uptr) disallowed/,
		says: ({ field }) => `writes to a field that holds a ${field} with a plain store`,
		hint: ({ field }) =>
			field === "uptr" ? "let user space set the pointer: a program only reads a uptr" : undefined,
	},
	{
		code: "kptr-misuse",
		pattern: withRegister("^invalid kptr access, <reg> type=(?<type>\\S+) expected=(?<expected>\\S+)"),
		says: ({ register, type, expected }) =>
			`stores R${register} (${type}) in a kptr field of a map, which takes ${expected}`,
	},
	{
		code: "kptr-misuse",
		pattern:
			/^(?<what>(?:kptr|uptr|\S+) (?:in map can only be accessed|cannot be accessed indirectly by helper|access cannot have variable offset|access size must be BPF_DW|access misaligned).{0,80}|BPF_ST imm must be 0 when storing to kptr.{0,40}|off=\d+ (?:doesn't point to kptr|kptr isn't referenced kptr)|map '.{1,64}' has no valid kptr|R\d+ has no valid kptr.{0,40}|R\d+ doesn't have constant offset\. kptr .{0,60})/,
		when: ({ what }) => /kptr|uptr/.test(String(what)),
		says: ({ what }) => `uses a kptr field of a map in a way that is not allowed: ${what}`,
	},
	{
		code: "exception-misuse",
		pattern: /^bpf_throw kfunc \(insn (?<instruction>\d+)\) cannot be called from callback/,
		says: () => "calls bpf_throw in a callback",
	},
	{
		code: "exception-misuse",
		pattern:
			/^(?<what>(?:insn \d+ cannot call exception cb|cannot tail call within exception cb|multiple exception callback tags|exception c(?:all)?b|invalid exception callback|.{0,40} cannot attach to exception callback).{0,120})/,
		says: ({ what }) => `breaks the rules of exceptions: ${what}`,
	},
	{
		code: "argument-value",
		pattern: withRegister("^<reg> invalid zero-sized read: u64=\\[(?<least>\\d+),(?<most>\\d+)\\]"),
		says: ({ least, most }, place) =>
			`passes a size that ${least === most ? "is" : "may be"} 0 to ${callee(place) ?? "a function"}, which reads at least 1 byte`,
		hint: () => "pass a size of at least 1, and test it before the call",
	},
	{
		code: "argument-value",
		pattern:
			/^(?<what>(?:R\d+|\*\(R11-\d+\)) (?:must be a known constant|is not a const(?:ant)?\b|allocation size exceeds|memory size \d+ is too large|rdonly\/rdwr_buf_size exceeds|doesn't have constant offset).{0,120}|local type ID argument must be in range.{0,60}|get_local_storage\(\) doesn't support non-zero flags|\S+ has to be at a(?: constant|) offset.{0,40}|cannot pass in dynptr at an offset.{0,40})/,
		says: ({ what }, place) =>
			`passes a value that ${callee(place) ?? "the function called"} does not accept: ${what}`,
	},
	{
		code: "map-not-allowed",
		pattern: /^cannot update sockmap in this context/,
		says: () => "updates a sockmap or sockhash, which programs of this type may not do",
		hint: () => "update the map from user space, or from a sock_ops, sk_msg, sk_skb or socket filter program",
	},
	{
		code: "map-not-allowed",
		pattern:
			/^(?<what>(?:tracing progs? cannot use|Sleepable programs can only use|perf_event programs can only use|.{1,20} progs cannot use|only one cgroup storage|Only one arena per program|offload device mismatch|bpf_struct_ops map cannot be used in prog|program's hash doesn't match map's excl_prog_hash|trace type programs? (?:can only|with run-time)|map_ptr access not supported|no direct value access support for this map type|bpf_timer cannot be used for PREEMPT_RT|.{1,60} cannot be used in tracing programs(?! on types)).{0,120})/,
		says: ({ what }) => `uses a map that a program of this kind may not use: ${what}`,
	},
	{
		code: "type-mismatch",
		pattern:
			/^(?<what>(?:off \d+ doesn't point to 'struct |(?:map|local) '.{1,64}' has no valid |\S+ not found at offset=|operation on \S+ expects arg#1|(?:timer|workqueue|.{1,20}) pointer in R\d+ map_uid|pointer in (?:R\d+|\S+) isn't map pointer).{0,160})/,
		says: ({ what }, place) => `passes a wrong argument to ${callee(place) ?? "a function"}: ${what}`,
	},
	{
		code: "kernel-signature",
		pattern:
			/^(?<what>(?:signed (?:program|payload)|signature verification failed|cannot resolve signing keyring|failed to read signed metadata map).{0,120})/,
		says: ({ what }) => `is signed in a way that this kernel refuses: ${what}`,
	},
	{
		code: "verifier-bug",
		pattern:
			/^(?<what>(?:verifier (?:internal error|bug)|Verifier bug|VERIFIER BUG|kernel subsystem misconfigured|bpf verifier (?:is misconfigured|narrow ctx)|REG INVARIANTS VIOLATION|BUG (?:regs|stack slots|backtracking|subprog)|(?:insn state|visit_insn|pop stack) internal bug|.{1,40} has non-overwritten BPF_PTR_POISON).{0,160})/,
		says: ({ what }) => `makes the verifier report a defect of its own: ${what}`,
	},
];
