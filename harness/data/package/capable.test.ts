// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { programTypes } from "../../base/bpf.js";
import { isCapable } from "./capable.js";
import { meaningOf } from "./elf/section.js";

const ofSection = (section: string) => {
	const meaning = meaningOf(section);
	return isCapable(meaning ? { meaning } : {});
};

it.each([
	...["syscall", "fentry/x", "fexit.s/x", "fmod_ret/x", "tp_btf/x", "iter/task", "lsm/bpf", "lsm_cgroup/x"],
	...["kprobe/x", "kretprobe/x", "kprobe.multi/x", "uprobe//bin/x:f", "usdt//bin/x:a:b", "ksyscall/bpf"],
	...["raw_tp/sys_enter", "raw_tp.w/x", "tp/syscalls/sys_enter_bpf", "perf_event", "struct_ops/init"],
	...["freplace/x", "lirc_mode2", "a_section_of_its_own_loader"],
])("%s is capable", (section) => {
	expect(ofSection(section)).toBe(true);
});

it.each([
	...["xdp", "xdp.frags/devmap", "tc", "tcx/ingress", "action", "socket", "sk_reuseport", "lwt_xmit"],
	...["cgroup_skb/egress", "cgroup/connect4", "cgroup/dev", "cgroup/sysctl", "cgroup/getsockopt"],
	...["sockops", "sk_msg", "sk_skb/verdict", "flow_dissector", "sk_lookup", "netfilter"],
])("%s only handles packets and sockets", (section) => {
	expect(ofSection(section)).toBe(false);
});

it("a program type that a later kernel adds is capable", () => {
	const plain = programTypes.names.filter((type) => !isCapable({ meaning: { type } as never }));
	expect(plain).toHaveLength(21);
	expect(isCapable({ meaning: { type: "a_type_of_tomorrow" } as never })).toBe(true);
});
