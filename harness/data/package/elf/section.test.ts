// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { attachTypes, programTypes } from "../../../base/bpf.js";
import { meaningOf } from "./section.js";

it.each([
	["xdp", { type: "xdp", attachType: "xdp", attachesTo: "netdev" }],
	["xdp.frags/devmap", { type: "xdp", attachType: "xdp_devmap", attachesTo: "map" }],
	["tc", { type: "sched_cls", attachesTo: "netdev" }],
	["tcx/ingress", { type: "sched_cls", attachType: "tcx_ingress" }],
	["netkit/peer", { type: "sched_cls", attachType: "netkit_peer" }],
	["kprobe/do_exit", { type: "kprobe", attachesTo: "function", target: "do_exit" }],
	[
		"kprobe.session/vfs_*",
		{ type: "kprobe", attachType: "trace_kprobe_session", sleepable: false, target: "vfs_*" },
	],
	["tp/sched/sched_switch", { type: "tracepoint", attachesTo: "tracepoint", target: "sched/sched_switch" }],
	["fentry.s/bpf_fentry_test1", { type: "tracing", attachType: "trace_fentry", sleepable: true }],
	["lsm.s/bprm_check", { type: "lsm", attachType: "lsm_mac", attachesTo: "lsm_hook", sleepable: true }],
	["lsm_cgroup/socket_bind", { attachType: "lsm_cgroup", attachesTo: "cgroup" }],
	["iter/task", { attachType: "trace_iter", attachesTo: "iterator", target: "task" }],
	["cgroup/connect4", { type: "cgroup_sock_addr", attachType: "cgroup_inet4_connect", attachesTo: "cgroup" }],
	["struct_ops.s/init", { type: "struct_ops", sleepable: true }],
	["freplace/other", { type: "ext", attachesTo: "program", target: "other" }],
	["syscall", { type: "syscall", attachesTo: "nothing", sleepable: true }],
	["?kprobe/f", { type: "kprobe", autoload: false, target: "f" }],
])("knows %s", (section, meaning) => {
	expect(meaningOf(section)).toMatchObject(meaning);
});

it.each(["", "?", "xdp/", "xdp_filter", "kprobed", "tc/", "maps", "cgroup/unknown"])(
	"does not know %j",
	(section) => {
		expect(meaningOf(section)).toBeUndefined();
	},
);

it("has no target where nothing follows", () => {
	expect(meaningOf("kprobe")).not.toHaveProperty("target");
});

it("uses the kernel's own names", () => {
	for (const section of [
		"xdp",
		"sk_msg",
		"cgroup/sendmsg_unix",
		"uprobe.multi.s/x",
		"sk_reuseport/migrate",
	]) {
		const meaning = meaningOf(section)!;
		expect(programTypes.number(meaning.type)).toBeGreaterThan(0);
		expect(attachTypes.number(meaning.attachType!)).toBeGreaterThan(0);
	}
});
