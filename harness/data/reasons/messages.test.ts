// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { explainLoad } from "./load.js";

/** Words of kernel/bpf/*.c of 6.12 and 7.3, by the code that they must give. */
const messages: Record<string, string[]> = {
	"argument-value": [
		"R2 invalid zero-sized read: u64=[0,0]",
		"At bpf_set_retval the register R1 has smin=5 smax=5 should have been in [0, 1]",
		"get_local_storage() doesn't support non-zero flags",
		"local type ID argument must be in range [0, U32_MAX]",
		"R2 memory size 4294967295 is too large",
	],
	"return-value-range": [
		"At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]",
		"At program exit the register R1 has smin=64 smax=64 should have been in [0, 0]",
		"At program exit the register R0 is not a known value (ctx)",
		"At async callback the register R0 has smin=1 smax=1 should have been in [0, 0]",
		"Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!",
	],
	"invalid-dereference": [
		"struct flow_offload_tuple doesn't have field at offset 50",
		"same insn cannot be used with different pointers",
		"same insn cannot be used with and without arena pointer",
		"R1 is ptr_task_struct access user memory: off=0",
		"R1 is ptr_task_struct access percpu memory: off=0",
	],
	"null-dereference": [
		"R0 invalid mem access 'trusted_ptr_or_null_'",
		"R0 invalid mem access 'ptr_or_null_'",
		"R0 invalid mem access 'mem_or_null'",
		"NULL pointer passed to trusted R1",
		"Possibly NULL pointer passed to helper R2",
	],
	"pointer-arithmetic": [
		"R1 32-bit pointer arithmetic prohibited",
		"map_value pointer offset 1073741822 is not allowed",
		"R1 sign-extension part of pointer",
		"R1 partial copy of pointer",
	],
	"lock-misuse": [
		"1 bpf_preempt_enable is missing",
		"2 bpf_preempt_enable(s) are missing",
		"BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region",
		"Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback",
	],
	"kptr-misuse": [
		"store to referenced kptr disallowed",
		"store to uptr disallowed",
		"invalid kptr access, R2 type=ptr_node_data2 expected=ptr_node_data",
		"off=0 doesn't point to kptr",
		"off=8 kptr isn't referenced kptr",
		"kptr cannot be accessed indirectly by helper",
		"kptr access size must be BPF_DW",
		"BPF_ST imm must be 0 when storing to kptr at off=8",
		"map 'm' has no valid kptr",
	],
	"exception-misuse": [
		"bpf_throw kfunc (insn 16) cannot be called from callback subprog 1",
		"insn 3 cannot call exception cb directly",
		"multiple exception callback tags for main subprog",
		"exception cb cannot return void",
		"cannot tail call within exception cb",
	],
	"map-not-allowed": [
		"cannot update sockmap in this context",
		"tracing progs cannot use bpf_timer yet",
		"Sleepable programs can only use array, hash, ringbuf and local storage maps",
		"bpf_struct_ops map cannot be used in prog",
		"Only one arena per program",
	],
	"out-of-bounds": [
		"Invalid read of 4 bytes from insn_array",
		"R1 points to outside of jump table: [0,64] max_entries 4",
		"R1 is ptr_task_struct invalid negative access: off=-8",
		"R1 invalid variable offset to flow keys: off=0, var_off=(0x0; 0xff)",
	],
	"read-only-memory": [
		"bpf_probe_read_kernel() may write into memory pointed by R1 type=trusted_ptr_",
		"potential write to dynptr at off=-16 disallowed",
	],
	"target-mismatch": [
		"arg1 in f() is INT while g() has PTR",
		"arg1 f(struct a *) doesn't match g(struct b *)",
		"Return type INT of f() doesn't match type PTR of g()",
	],
	"core-relocation": [
		"failed to resolve CO-RE relocation <rshift_u64> [23] struct s.b (0:1 @ offset 0.1)",
		"target candidate search failed for 7",
	],
	"kernel-signature": ["signature verification failed: -129", "signed payload too large: 20000000 bytes"],
	"verifier-bug": [
		"verifier internal error: misconfigured ref_obj_id",
		"verifier bug: REG INVARIANTS VIOLATION (a): b",
		"kernel subsystem misconfigured func bpf_x#7",
	],
	"kfunc-not-allowed": ["css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs"],
	"gpl-only": ["LSM programs must have a GPL compatible license"],
	"attach-target-missing": ["The address of function blk_account_io_done cannot be found"],
	"attach-target-not-allowed": ["The function bpf_lsm_path_chown arg1 type STRUCT is unsupported."],
	"invalid-context-access": ["func 'unix_find_other' arg5 type INT is not a struct"],
};

const explain = (verifierLog: string, more: { disassembly?: string } = {}) =>
	explainLoad({
		kernel: { id: "7.3", release: "7.3.4" },
		program: { name: "p", section: "tc", type: "sched_cls" },
		errno: 22,
		verifierLog: `${more.disassembly ?? ""}${verifierLog}\n`,
		libbpfLog: "",
	}).reason;

describe("words of the verifier", () => {
	it.each(
		Object.entries(messages).flatMap(([code, all]) =>
			all.map((message): [string, string] => [code, message]),
		),
	)("%s: %s", (code, message) => {
		expect(explain(message).code).toBe(code);
	});

	it("are read where the statistics stand on their line", () => {
		const glued = "insn 3 cannot call exception cb directlyverification time 876 usec\nstack depth 0";
		expect(explain(glued).message).toBe(
			"program p breaks the rules of exceptions: insn 3 cannot call exception cb directly",
		);
		const processed = "moonprocessed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0";
		expect(explain(processed).message).toBe("program p was refused (EINVAL): moon");
	});

	it("name types of maps and pointers", () => {
		expect(explain("cannot pass map_type 12 into func bpf_map_update_elem#2").message).toContain(
			"a map of type array_of_maps, which helper",
		);
		const call = { disassembly: "4: (85) call bpf_skb_load_bytes#26\n" };
		expect(explain("R1 type=map_value_or_null expected=fp", call).code).toBe("null-dereference");
		expect(explain("R1 type=pkt_end expected=fp", call).message).toBe(
			"program p passes a pointer to the packet's end as R1 to bpf_skb_load_bytes, which takes fp (instruction 4)",
		);
	});

	it("that no rule knows are quoted", () => {
		expect(explain("the moon is in the wrong phase").code).toBe("rejected");
	});
});
