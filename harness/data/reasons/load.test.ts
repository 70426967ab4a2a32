// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { E2BIG, EINVAL, ENOMEM, ENOSPC, EPERM, ESRCH } from "../../base/errno.js";
import type { FeatureState, LoadFacts } from "./facts.js";
import { explainLoad } from "./load.js";
import { loadReasons } from "./registry/load.js";

const refused = (facts: Partial<LoadFacts>): LoadFacts => ({
	kernel: { id: "5.10", release: "5.10.0-46-cloud-amd64" },
	program: { name: "filter", section: "xdp", type: "xdp" },
	errno: EINVAL,
	verifierLog: "",
	libbpfLog: "",
	...facts,
});
const missingHelper = refused({ verifierLog: "6: (85) call unknown#189\ninvalid func unknown#189\n" });

describe("explainLoad without words", () => {
	it("says so, and does not guess", () => {
		const { reason } = explainLoad(refused({}));
		expect(reason.code).toBe("rejected");
		expect(reason.message).toBe("program filter was refused without a word (EINVAL)");
	});

	it.each([
		[EPERM, "permission"],
		[ENOMEM, "out-of-memory"],
		[E2BIG, "kernel-too-old-attributes"],
		[ENOSPC, "log-truncated"],
	])("errno %i is %s", (errno, code) => {
		expect(explainLoad(refused({ errno })).reason.code).toBe(code);
	});

	it("E2BIG of a program beyond the limit is its size", () => {
		const program = { name: "filter", section: "xdp", type: "xdp", insns: 1_000_012 };
		const { reason, facts } = explainLoad(refused({ errno: E2BIG, program }));
		expect(reason.code).toBe("program-too-large");
		expect(facts).toMatchObject({ insns: 1_000_012, insns_limit: 1_000_000 });
	});

	it.each([
		["lsm.s/sb_delete", "LSM hook sb_delete, which this kernel does not have"],
		[
			"tp_btf/xdp_redirect_map",
			"tracepoint xdp_redirect_map, which neither the kernel nor a loaded module has",
		],
		["fentry/vfs_open", "vfs_open, which neither the kernel nor a loaded module has: it may be inlined"],
	])("a missing target of %s is named as what it is", (section, words) => {
		const target = section.split("/")[1];
		const libbpfLog = `libbpf: prog 'filter': failed to find kernel BTF type ID of '${target}': -ESRCH`;
		const program = { name: "filter", section, type: "tracing" };
		const { reason } = explainLoad(refused({ program, libbpfLog, errno: ESRCH }));
		expect(reason.code).toBe("attach-target-missing");
		expect(reason.message).toContain(`is for ${words}`);
	});

	it.each<[FeatureState, string]>([
		["unsupported", "program-type-unsupported"],
		["disabled", "config-disabled"],
		["module-absent", "module-absent"],
		["present", "rejected"],
	])("a program type that is %s", (state, code) => {
		const features = (question: string) => (question === "program_type:xdp" ? state : undefined);
		expect(explainLoad(refused({ features })).reason.code).toBe(code);
	});

	it.each([
		["my-filter", "program-name"],
		["filter@v2", "program-name"],
		["prüfung", "program-name"],
		["filter.llvm.1", "rejected"],
		["fifteen_letters-and-more", "rejected"],
	])("a program called %s is %s", (name, code) => {
		const program = { name, section: "xdp", type: "xdp" };
		expect(explainLoad(refused({ program })).reason.code).toBe(code);
		// The kernel looks at the type before the name, and its other errors are about neither.
		const features = () => "unsupported" as const;
		expect(explainLoad(refused({ program, features })).reason.code).toBe("program-type-unsupported");
		expect(explainLoad(refused({ program, errno: EPERM })).reason.code).toBe("permission");
		expect(explainLoad(refused({ program, verifierLog: "moon\n" })).reason.code).toBe("rejected");
	});

	it("asks for the attach type after the program type", () => {
		const program = {
			name: "filter",
			section: "cgroup/x",
			type: "cgroup_sock_addr",
			attach_type: "cgroup_unix_connect",
		};
		const features = (question: string) => (question.startsWith("attach_type:") ? "unsupported" : "present");
		const { reason } = explainLoad(refused({ program, features }));
		expect(reason.code).toBe("attach-type-unsupported");
		expect(reason.message).toContain("cgroup_unix_connect");
	});
});

describe("explainLoad with a log that was cut", () => {
	const trace = "1: (85) call bpf_get_prandom_u32#7\n2: (0f) r0 += r";

	it("says that the cause is lost", () => {
		const cut = { verifierLog: trace, verifierLogTruncated: true };
		expect(explainLoad(refused(cut)).reason.code).toBe("log-truncated");
		expect(explainLoad(refused({ ...cut, errno: ENOSPC, verifierLogTruncated: false })).reason.code).toBe(
			"log-truncated",
		);
	});

	it("takes E2BIG after the verifier began for its limit", () => {
		const cut = { verifierLog: trace, verifierLogTruncated: true, errno: E2BIG };
		expect(explainLoad(refused(cut)).reason.code).toBe("complexity-limit");
	});

	it("quotes the last line when only the beginning is lost", () => {
		const end =
			"the moon is in the wrong phase\nprocessed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n";
		const { reason } = explainLoad(refused({ verifierLog: end, verifierLogTruncated: true }));
		expect(reason.code).toBe("rejected");
		expect(reason.message).toContain("the moon is in the wrong phase");
	});
});

describe("explainLoad with features", () => {
	it("keeps the code where the kernel is too old or its state is unknown", () => {
		expect(explainLoad(missingHelper).reason.code).toBe("helper-unknown");
		expect(explainLoad({ ...missingHelper, features: () => "unsupported" }).reason.code).toBe(
			"helper-unknown",
		);
	});

	it("names the option that leaves it out", () => {
		const { reason, facts } = explainLoad({
			...missingHelper,
			features: (question) => (question === "helper:bpf_xdp_load_bytes" ? "disabled" : undefined),
			configOf: () => "CONFIG_NET",
		});
		expect(reason.code).toBe("config-disabled");
		expect(reason.message).toMatch(/bpf_xdp_load_bytes \(#189\).*CONFIG_NET/);
		expect(facts).toMatchObject({ feature: "helper:bpf_xdp_load_bytes", switched_on_by: "CONFIG_NET" });
	});
});

describe("explainLoad and unknown words", () => {
	it("quotes the kernel's own last line", () => {
		const verifierLog = "3: (95) exit\nthe moon is in the wrong phase\nprocessed 4 insns (limit 1000000)\n";
		const { reason, facts } = explainLoad(refused({ verifierLog }));
		expect(reason.code).toBe("rejected");
		expect(reason.message).toBe(
			"program filter was refused (EINVAL): the moon is in the wrong phase (instruction 3)",
		);
		expect(reason.hint).toBe(loadReasons.rejected.hint);
		expect(facts.kernel_said).toBe("the moon is in the wrong phase");
	});

	it("quotes 7.3's reason and suggestion", () => {
		const verifierLog =
			"Verification failed: Lunar Safety: Wrong phase\n\nReason:\n  The moon is new.\n\nSuggestion:\n  Wait.\n";
		const { reason } = explainLoad(refused({ verifierLog }));
		expect(reason).toEqual({
			code: "rejected",
			message: "program filter was refused: The moon is new.",
			hint: "follow the kernel's suggestion: Wait",
		});
	});

	it("takes the category of 7.3's diagnosis where the classic words are new", () => {
		const verifierLog =
			"new words\n\nVerification failed: Memory Safety: Access outside bounds\n\nReason:\n  Too far.\n";
		expect(explainLoad(refused({ verifierLog })).reason).toMatchObject({
			code: "out-of-bounds",
			message: "program filter was refused: Too far.",
		});
	});

	it("keeps control characters and endless lines out of the message", () => {
		const { reason } = explainLoad(refused({ verifierLog: `\x1b[31mred\x07 ${"x".repeat(5000)}\n` }));
		expect([...reason.message].every((c) => c >= " ")).toBe(true);
		expect(reason.message.length).toBeLessThan(400);
	});
});

describe("explainLoad and places", () => {
	it("asks the object's line information where the kernel does not name the source", () => {
		const sourceLine = (instruction: number) => ({ file: "filter.bpf.c", line: 40 + instruction });
		const { reason, facts } = explainLoad({ ...missingHelper, sourceLine });
		expect(reason.message).toContain("(filter.bpf.c:46)");
		expect(facts).toMatchObject({ instruction: 6, file: "filter.bpf.c", line: 46 });
	});
});

describe("explainLoad and libbpf", () => {
	it("leaves out what libbpf says of other programs", () => {
		const libbpfLog = "libbpf: prog 'other': missing BPF prog type, check ELF section name 'nowhere'\n";
		expect(explainLoad(refused({ libbpfLog })).reason.code).toBe("rejected");
		const own = libbpfLog.replace("other", "filter");
		expect(explainLoad(refused({ libbpfLog: own })).reason.code).toBe("unknown-section");
	});

	it("reads the verifier's log that libbpf printed", () => {
		const libbpfLog =
			"libbpf: prog 'filter': -- BEGIN PROG LOAD LOG --\n0: (95) exit\nR0 !read_ok\nlibbpf: prog 'filter': -- END PROG LOAD LOG --\n";
		expect(explainLoad(refused({ libbpfLog })).reason.code).toBe("uninitialised-read");
	});

	it("knows poisoned calls that libbpf had no room to explain", () => {
		const log = (id: number) =>
			refused({ verifierLog: `1: (85) call unknown#${id}\ninvalid func unknown#${id}\n` });
		expect(explainLoad(log(195896080)).reason.code).toBe("core-relocation");
		expect(explainLoad(log(2002000003)).reason.code).toBe("kfunc-missing");
		expect(explainLoad(log(2001000003)).reason.code).toBe("map-type-unsupported");
	});
});

/**
 * Words that none of the kernels at hand could be made to say; from kernel/bpf/verifier.c of 7.3
 * and 5.10.
 */
describe("messages without a golden log", () => {
	it.each([
		["JIT is required for calling kernel function", "jit-missing"],
		["JIT does not support calling kfunc bpf_x#12", "jit-missing"],
		["calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF", "config-disabled"],
		["The sequence of 8193 jumps is too complex.", "complexity-limit"],
		["destructive kfunc calls require CAP_SYS_BOOT capability", "permission"],
		["stack size of subprog 1 is 600. Too large", "stack-limit"],
		["struct ops programs must have a GPL compatible license", "gpl-only"],
		["invalid type id 7 in func info", "invalid-btf"],
		["Possibly NULL pointer passed to trusted R1", "null-dereference"],
		["invalid indirect read from stack R2 off -32+4 size 8", "uninitialised-read"],
		["cannot pass map_type 2 into func bpf_redirect_map#51", "type-mismatch"],
		["write into map forbidden, value_size=8 off=0 size=4", "read-only-memory"],
	])("%s", (words, code) => {
		expect(explainLoad(refused({ verifierLog: `0: (95) exit\n${words}\n` })).reason.code).toBe(code);
	});
});
