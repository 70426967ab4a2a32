// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { meaningless } from "./meaningless.js";

it.each([
	["xdp", "xdp", 5],
	["xdp", "xdp", 77],
	["xdp", "xdp", 0xffffffff],
	["sched_cls", "tcx/ingress", 77],
	["sched_cls", "tc", 77],
	["sched_act", "action", 9],
	["flow_dissector", "flow_dissector", 1],
	["lwt_in", "lwt_in", 1],
	["lwt_seg6local", "lwt_seg6local", 128],
])("%s of section %s: %i is told", (type, section, value) => {
	expect(meaningless(type, section, value)).toMatch(/^the kernel /);
});

it.each([
	["xdp", "xdp", 0],
	["xdp", "xdp", 4],
	["sched_cls", "tcx/ingress", 0xffffffff],
	["sched_cls", "classifier", 0x10001],
	["sched_act", "action", 8],
	["flow_dissector", "flow_dissector", 129],
	["lwt_in", "lwt_in", 128],
	["socket_filter", "socket", 77],
	["cgroup_skb", "cgroup_skb/ingress", 3],
	["syscall", "syscall", 77],
])("%s of section %s: %i is not", (type, section, value) => {
	expect(meaningless(type, section, value)).toBeUndefined();
});
