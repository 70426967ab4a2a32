// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { helpers } from "../../base/bpf.js";
import { assemble, callHelper, exit, type Insn, insn, mov, op, returns } from "../../base/insn.js";
import { capabilitiesOf } from "./capabilities.js";
import { SHF, STB, STT } from "./elf/elf.js";
import { buildElf } from "./elf/testelf.js";
import type { ObjectEntry } from "./manifest/manifest.js";
import { readObject } from "./object.js";
import type { PackageObject } from "./package.js";

function found(section: string, insns: readonly Insn[], settings: Omit<ObjectEntry, "file"> = {}): string[] {
	const data = assemble(insns);
	const bytes = buildElf({
		sections: [{ name: section, data, flags: SHF.ALLOC | SHF.EXECINSTR }],
		symbols: [{ name: "prog", section, size: data.length, type: STT.FUNC, binding: STB.GLOBAL }],
	});
	const object = { ...readObject("a.o", bytes, "libbpf", settings), file: "a.o", settings };
	return capabilitiesOf({ objects: [object as unknown as PackageObject] }).map(
		({ case: name, reason }) => `${name}: ${reason.message}`,
	);
}
const calling = (helper: string) => [callHelper(helpers.number(helper) ?? -1), ...returns(0)];

describe("a call of", () => {
	it.each([
		["probe_write_user", "write-user-memory", "can change the memory of processes"],
		["override_return", "override-return", "can make kernel functions fail or succeed"],
		["send_signal", "send-signal", "can end processes by a signal"],
		["send_signal_thread", "send-signal", "can end processes by a signal"],
		["sys_bpf", "call-bpf", "can make bpf() calls from inside the kernel"],
	])("bpf_%s is the capability %s", (helper, name, may) => {
		expect(found("kprobe/vfs_read", calling(helper))).toEqual([
			`capability/${name}: prog ${may}: it calls bpf_${helper}`,
		]);
	});

	it.each(["probe_read_user", "get_current_pid_tgid", "ringbuf_output"])("bpf_%s is none", (helper) => {
		expect(found("kprobe/vfs_read", calling(helper))).toEqual([]);
	});
});

describe("a program at", () => {
	const at = (section: string) => found(section, returns(0)).map((text) => text.split(":")[0]);

	it.each([
		["fentry/__sys_bpf", "hook-bpf"],
		["kprobe/__x64_sys_bpf", "hook-bpf"],
		["ksyscall/bpf", "hook-bpf"],
		["kprobe.multi/__x64_sys_b*", "hook-bpf"],
		["kretprobe/bpf_obj_get_info_by_fd+0x4", "hook-bpf"],
		["tracepoint/syscalls/sys_exit_bpf", "hook-bpf"],
		["lsm/bpf_map", "hook-bpf"],
		["tp/syscalls/sys_exit_getdents64", "hook-directories"],
		["kprobe/filldir64", "hook-directories"],
		["fexit/tcp4_seq_show", "hook-sockets"],
		["raw_tp/sys_enter", "hook-system-calls"],
		["tp_btf/sys_exit", "hook-system-calls"],
		["tp/raw_syscalls/sys_enter", "hook-system-calls"],
		["fmod_ret/bpf_modify_return_test", "override-return"],
	])("%s has the capability %s", (section, name) => expect(at(section)).toEqual([`capability/${name}`]));

	it.each([
		"xdp",
		"kprobe/vfs_read",
		"ksyscall/openat",
		"tp/syscalls/sys_enter_openat",
		"tp/sched/sched_process_exec",
		"kprobe.multi/vfs_*",
		"raw_tp/sched_switch",
		"lsm/file_open",
		"uprobe//usr/bin/bash:readline",
		"iter/bpf_map",
	])("%s has none", (section) => expect(at(section)).toEqual([]));

	it("a function that the manifest names has that capability", () => {
		const attach = { hook: "auto", symbol: "iterate_dir" } as const;
		expect(found("kprobe", returns(0), { programs: { prog: { attach } } })).toEqual([
			"capability/hook-directories: prog runs when processes list directories: it is attached to iterate_dir",
		]);
	});
});

describe("an LSM program", () => {
	const denies = (...insns: Insn[]) => found("lsm/file_open", insns).length === 1;

	it("that returns 0 at each of its ends only observes", () => {
		expect(denies(...returns(0))).toBe(false);
		const early = insn(op.jeqImm, { target: 1, offset: 2 });
		expect(denies(early, ...returns(0), ...returns(0))).toBe(false);
	});

	it("for a cgroup allows with 1 and denies with 0", () => {
		expect(found("lsm_cgroup/socket_bind", returns(1))).toEqual([]);
		expect(found("lsm_cgroup/socket_bind", returns(0))).toHaveLength(1);
	});

	it("that may return something else can deny", () => {
		expect(denies(...returns(-1))).toBe(true);
		expect(denies(insn(op.movReg, { target: 0, source: 6 }), exit)).toBe(true);
		// A jump past `r0 = 0`.
		const over = insn(op.jeqImm, { target: 1, offset: 1 });
		expect(denies(mov(0, -1), over, ...returns(0))).toBe(true);
		const long = insn(op.jump32, { imm: 1 });
		expect(denies(mov(0, -1), long, ...returns(0))).toBe(true);
	});
});
