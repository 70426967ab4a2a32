// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { type Dialect, meaningIn, meaningOfType, otherLoaders } from "./dialect.js";
import { meaningOf } from "./section.js";

describe("a section in a dialect", () => {
	it.each<[Dialect, string, string | undefined, string?]>([
		["cilium/ebpf", "xdp_ratelimiting", "xdp", "xdp"],
		["cilium/ebpf", "xdp-root", "xdp", "xdp"],
		["cilium/ebpf", "xdp.frags_big", "xdp", "xdp"],
		["cilium/ebpf", "classifier/ingress", "sched_cls"],
		["cilium/ebpf", "tc/ingress_first", "sched_cls", "tcx_ingress"],
		["cilium/ebpf", "tc_main", "sched_cls"],
		["cilium/ebpf", "cgroup/connect4_proxy", "cgroup_sock_addr", "cgroup_inet4_connect"],
		["cilium/ebpf", "kprobed", undefined],
		["cilium/ebpf", "kprobe/sys_open", "kprobe"],
		["cilium/ebpf", "filter", undefined],
		["aya", "classifier/ingress", "sched_cls"],
		["aya", "cgroup_skb/egress/meter", "cgroup_skb", "cgroup_inet_egress"],
		["aya", "xdp/devmap/next", "xdp", "xdp_devmap"],
		["aya", "xdp/filter", undefined],
		["aya", "xdp_filter", undefined],
		["aya", "tc", undefined],
		["aya", "?xdp", undefined],
		["aya", "fentry/do_exit", "tracing", "trace_fentry"],
		["libbpf-legacy", "xdp_filter", "xdp", "xdp"],
		["libbpf-legacy", "xdp/filter", "xdp", "xdp"],
		["libbpf-legacy", "xdp_devmap/next", "xdp", "xdp_devmap"],
		["libbpf-legacy", "classifier_main", "sched_cls"],
		["libbpf-legacy", "tc_main", undefined],
		["libbpf-legacy", "kprobed", undefined],
		["libbpf", "xdp_filter", undefined],
	])("%s takes %s as %s", (dialect, section, type, attachType) => {
		const meaning = meaningIn(dialect, section);
		expect(meaning?.type).toBe(type);
		expect(meaning?.attachType).toBe(attachType);
	});

	it("is what libbpf says where all agree", () => {
		for (const section of ["xdp", "fentry/do_exit", "cgroup/connect4", "tracepoint/sched/sched_switch"])
			for (const dialect of ["cilium/ebpf", "aya", "libbpf-legacy"] as const)
				expect(meaningIn(dialect, section)).toEqual(meaningOf(section));
	});

	it("is loaded by cilium/ebpf though it is optional", () => {
		expect(meaningIn("cilium/ebpf", "?xdp")?.autoload).toBe(true);
		expect(meaningIn("libbpf-legacy", "?xdp")?.autoload).toBe(false);
	});
});

it("names the loaders that know a section", () => {
	expect(otherLoaders("libbpf", "xdp_ratelimiting")).toEqual([
		{ dialect: "cilium/ebpf", type: "xdp" },
		{ dialect: "libbpf-legacy", type: "xdp" },
	]);
	expect(otherLoaders("cilium/ebpf", "nothing/known")).toEqual([]);
});

describe("a type", () => {
	it.each([
		["xdp", undefined, { attachType: "xdp", attachesTo: "netdev", sleepable: false }],
		["sched_cls", undefined, { attachesTo: "netdev" }],
		["sched_cls", "tcx_egress", { attachType: "tcx_egress", attachesTo: "netdev" }],
		["kprobe", undefined, { attachesTo: "function", sleepable: false }],
		["cgroup_sock_addr", "cgroup_inet4_connect", { attachesTo: "cgroup" }],
		["cgroup_skb", undefined, { attachesTo: "cgroup" }],
		["tracing", "trace_fentry", { attachesTo: "function", sleepable: false }],
	])("%s with attach type %s has a meaning", (type, attachType, expected) => {
		expect(meaningOfType(type, attachType)).toMatchObject({ type, ...expected });
	});

	it("alone is not enough for some, and must exist", () => {
		expect(meaningOfType("sched_cls")).not.toHaveProperty("attachType");
		expect(meaningOfType("cgroup_sock_addr")).toBeUndefined();
		expect(meaningOfType("xdp", "tcx_ingress")).toBeUndefined();
		expect(meaningOfType("unspec")).toBeUndefined();
	});
});
