// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { explainLoad } from "./load.js";

const explain = (verifierLog: string) =>
	explainLoad({
		kernel: { id: "7.3", release: "7.3.4" },
		program: { name: "p", section: "tc", type: "sched_cls" },
		errno: 22,
		verifierLog,
		libbpfLog: "",
	}).reason;

/**
 * The refused instruction and the verifier's words, as the kernel's selftests met them on 6.12 and
 * 7.3; then the code, a part of the sentence, and a part of the hint.
 */
const cases: [instruction: string, words: string, code: string, says: string, hint: string][] = [
	[
		"(85) call bpf_skb_load_bytes#26",
		"R4 min value is negative, either use unsigned or 'var &= const'",
		"out-of-bounds",
		"passes a size (R4) that may be negative to bpf_skb_load_bytes",
		"bound the size in R4",
	],
	[
		"(85) call bpf_probe_read_kernel#113",
		"R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
		"out-of-bounds",
		"passes a size (R2) that nothing bounds to bpf_probe_read_kernel",
		"bound the size in R2",
	],
	[
		"(85) call bpf_map_lookup_elem#1",
		"R2 min value is negative, either use unsigned index or do a if (index >=0) check.",
		"out-of-bounds",
		"lets bpf_map_lookup_elem access memory at an offset (R2) that may be too small",
		"compare against",
	],
	[
		"(69) r2 = *(u16 *)(r1 +0)",
		"func 'bpf_fentry_test9' size 2 must be 8\ninvalid bpf_context access off=0 size=2",
		"invalid-context-access",
		"reads an argument of bpf_fentry_test9 with a size or offset (2) that must be 8",
		"whole arguments of 8 bytes",
	],
	[
		"(81) r2 = *(s32 *)(r1 +80)",
		"invalid bpf_context access off=80 size=4",
		"invalid-context-access",
		"reads 4 bytes at offset 80 of its context with sign extension",
		"as an unsigned number",
	],
	[
		"(61) r2 = *(u32 *)(r1 +80)",
		"invalid bpf_context access off=80 size=4",
		"invalid-context-access",
		"reads 4 bytes at offset 80 of its context, which this program type does not offer",
		"use only fields",
	],
	[
		"(61) r0 = *(u32 *)(r1 +0)",
		"variable ctx access var_off=(0x0; 0x4) disallowed",
		"invalid-context-access",
		"reads its context at an offset that is not constant",
		"constant offsets only",
	],
	[
		"(7b) *(u64 *)(r10 -8) = r1",
		"cannot overwrite referenced dynptr",
		"reference-leak",
		"p overwrites a dynptr on its stack that still holds a reference",
		"release the dynptr first",
	],
	[
		"(85) call bpf_get_current_comm#16",
		"cannot overwrite referenced dynptr",
		"reference-leak",
		"lets bpf_get_current_comm overwrite a dynptr",
		"release the dynptr first",
	],
	[
		"(95) exit",
		"dereference of modified trusted_ptr_ ptr R0 off=2784 disallowed",
		"invalid-dereference",
		"returns a pointer to a kernel structure (trusted_ptr_) that was moved by 2784",
		"as it was given",
	],
	[
		"(85) call bpf_path_d_path#68137",
		"dereference of modified untrusted_ptr_ ptr R1 off=24 disallowed",
		"invalid-dereference",
		"passes a pointer to a kernel structure (untrusted_ptr_) to bpf_path_d_path, one that was moved by 24",
		"as it was given",
	],
	[
		"(61) r0 = *(u32 *)(r1 +8)",
		"access beyond struct prog_test_ref_kfunc at off 32 size 8",
		"invalid-dereference",
		"reads memory beyond the end of struct prog_test_ref_kfunc",
		"no more than the field has",
	],
	[
		"(85) call bpf_strncmp#182",
		"access beyond the end of member comm (kernel:2992) in struct task_struct with off 2976 size 17",
		"invalid-dereference",
		"lets bpf_strncmp access memory beyond the end of member comm of struct task_struct",
		"no more than the field has",
	],
	[
		"(85) call bpf_arena_alloc_pages#1",
		"cannot access ptr member buf with moff 0 in struct seq_file with off 0 size 1\nkernel function bpf_arena_alloc_pages args#0 expected pointer to STRUCT bpf_map but R1 has a pointer to STRUCT seq_file",
		"type-mismatch",
		"expected pointer to STRUCT bpf_map",
		"pass what",
	],
	[
		"(61) r2 = *(u32 *)(r10 -4)",
		"invalid size of register fill",
		"invalid-dereference",
		"invalid size of register fill",
		"8 bytes",
	],
	["(37) r0 /= 0", "div by zero", "invalid-instruction", "div by zero", "a number that is not 0"],
	["(bf) r10 = r1", "frame pointer is read only", "invalid-instruction", "read only", "do not write to R10"],
	[
		"(c3) lock *(u32 *)(r1 +0) += w0",
		"BPF_ATOMIC stores into R1 ctx is not allowed",
		"invalid-instruction",
		"has an atomic instruction that writes to R1, which holds the context",
		"plain loads and stores",
	],
	[
		"(20) r0 = *(u32 *)skb[0]",
		"BPF_LD_[ABS|IND] cannot be used inside bpf_spin_lock-ed region",
		"lock-misuse",
		"breaks the rules of locking",
		"every section",
	],
	[
		"(0d) gotox r1",
		"R1 has type scalar, expected PTR_TO_INSN",
		"invalid-instruction",
		"expected PTR_TO_INSN",
		"jump table",
	],
	[
		"(85) call bpf_tail_call#12",
		"cannot tail call within callback",
		"helper-not-allowed",
		"tail-calls in a callback",
		"return from the callback first",
	],
	[
		"",
		"program with __ref argument cannot tail call",
		"helper-not-allowed",
		"tail-calls while it owns a reference",
		"without tail calls",
	],
	[
		"(85) call pc+2",
		"arg#0 reference type('FWD S') size cannot be determined: -22",
		"global-function",
		"has a global function whose argument the kernel cannot verify",
		"defined in the object",
	],
	[
		"(85) call pc+2",
		"global function calls are not allowed with preemption disabled,\nuse static function instead",
		"lock-misuse",
		"with preemption disabled",
		"every section",
	],
	[
		"(85) call bpf_iter_css_new#1",
		"kernel func bpf_iter_css_new requires RCU critical section protection",
		"lock-misuse",
		"requires RCU critical section",
		"between bpf_rcu_read_lock()",
	],
	[
		"(85) call bpf_rbtree_remove#1",
		"bpf_spin_lock at off=16 must be held for bpf_rb_root",
		"lock-misuse",
		"must be held",
		"hold it over the call",
	],
	[
		"(85) call bpf_obj_drop#1",
		"bpf_obj_drop cannot be used in tracing programs on types with NMI unsafe fields",
		"kfunc-not-allowed",
		"may not call this kernel function",
		"program type",
	],
	[
		"(85) call bpf_tail_call#12",
		"Unreleased reference id=4 alloc_insn=13\ntail_call would lead to reference leak",
		"reference-leak",
		"does not release what it acquired before its tail call",
		"on every path that leads there",
	],
	[
		"(85) call bpf_spin_unlock#94",
		"bpf_spin_unlock without taking a lock",
		"lock-misuse",
		"without taking a lock",
		"the last one first",
	],
	[
		"(71) r1 = *(u8 *)(r0 +0)",
		"Invalid read of 1 bytes from insn_array",
		"out-of-bounds",
		"reads 1 byte of a map of instructions",
		"whole elements",
	],
	[
		"(79) r2 = *(u64 *)(r1 +0)",
		"R1 invalid mem access 'dynptr_ptr'",
		"invalid-dereference",
		"dereferences R1",
		"bpf_dynptr_read",
	],
	[
		"(61) r2 = *(u32 *)(r0 +80)",
		"R0 invalid sock access off=80 size=4",
		"invalid-dereference",
		"reads 4 bytes at offset 80 of sock",
		"with its own size",
	],
	["(bf) r0 = r5", "R5 !read_ok", "uninitialised-read", "or which a call cleared", "R1 to R5"],
	["(bf) r0 = r7", "R7 !read_ok", "uninitialised-read", "before anything was written to it", "initialise"],
	[
		"(95) exit",
		"At callback return the register R0 has smin=1001 should have been in [0, 1]",
		"return-value-range",
		"returns at least 1001",
		"0 continues a loop",
	],
	[
		"(85) call bpf_strncmp#182",
		"invalid access to context, ctx_size=65535 off=65535 size=4\nR1 min value is outside of the allowed memory range",
		"out-of-bounds",
		"lets bpf_strncmp access 4 bytes at offset 65535 of its context, which has 65535 bytes",
		"bound the offset",
	],
	[
		"(7b) *(u64 *)(r0 +8) = r1",
		"variable untrusted_ptr_ access var_off=(0x0; 0x1e0) disallowed",
		"invalid-dereference",
		"writes memory at an offset that is not constant, through a pointer to a kernel structure",
		"at constant offsets only",
	],
	[
		"(71) r0 = *(u8 *)(r1 +0)",
		"variable ctx access var_off=(0x0; 0x3fff) disallowed",
		"invalid-context-access",
		"reads its context at an offset that is not constant",
		"at constant offsets only",
	],
	[
		"(85) call bpf_rbtree_add_impl#56610",
		"dereference of modified ptr_or_null_ ptr R2 off=16 disallowed",
		"null-dereference",
		"one that was moved by 16 and never tested for NULL",
		"check the result for NULL",
	],
	[
		"(85) call bpf_put_file#68136",
		"Leaking reference id=3 alloc_insn=10. Release it first.",
		"reference-leak",
		"calls bpf_put_file before it releases what it acquired at instruction 10",
		"in reverse order",
	],
	[
		"(85) call bpf_throw#68600",
		"At program exit the register R1 has smin=64 smax=64 should have been in [0, 0]",
		"return-value-range",
		"passes 64 to bpf_throw, which the program then returns, but its attach point takes only 0",
		"return only the values",
	],
	[
		"(79) r0 = *(u64 *)(r0 +0)",
		"read from map forbidden, value_size=48 off=0 size=8",
		"read-only-memory",
		"reads from a map that it may only write",
		"without BPF_F_WRONLY_PROG",
	],
	[
		"(79) r1 = *(u64 *)(r1 +8)",
		"invalid bpf_context access off=8. Reference may already be released",
		"invalid-context-access",
		"reads the argument at offset 8 of its context, whose reference may already be released",
		"read the argument once",
	],
	[
		"(7b) *(u64 *)(r0 +0) = r6",
		"store to uptr disallowed",
		"kptr-misuse",
		"writes to a field that holds a uptr",
		"let user space set the pointer",
	],
	[
		"(7b) *(u64 *)(r0 +16) = r1",
		"store to referenced kptr disallowed",
		"kptr-misuse",
		"writes to a field that holds a referenced kptr",
		"use bpf_kptr_xchg()",
	],
	[
		"(85) call bpf_skb_store_bytes#9",
		"helper access to the packet is not allowed",
		"type-mismatch",
		"passes a wrong argument to bpf_skb_store_bytes",
		"copy the packet's bytes to the stack first",
	],
	[
		"(95) exit",
		"At program exit the register R0 is not a known value (trusted_ptr_or_null_)",
		"return-value-range",
		"returns a pointer to a kernel structure (trusted_ptr_or_null_), which its attach point does not take",
		"return only the values",
	],
];

describe("words that the kernel's selftests meet", () => {
	it.each(cases)("%s: %s", (instruction, words, code, says, hint) => {
		const found = explain(`${instruction && `7: ${instruction}\n`}${words}\n`);
		expect(found.code).toBe(code);
		expect(found.message).toContain(says);
		expect(found.hint).toContain(hint);
	});
});
