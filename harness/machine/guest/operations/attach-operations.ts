// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { Bytes } from "../../../base/validate.js";
import * as t from "./schema.js";

/** Callers compose the names of hooks, so their type is that of any string. */
const Hook = Type.Unsafe<string>({
	type: "string",
	enum: [
		...["auto", "xdp", "tc_ingress", "tc_egress", "tcx_ingress", "tcx_egress"],
		...["netkit_primary", "netkit_peer", "cgroup", "netns", "netfilter"],
		...["socket", "reuseport", "sockmap", "devmap", "cpumap", "perf_event", "route", "action"],
		"iterator",
	],
});
const XdpMode = t.oneOf("native", "generic");

/** What is attached, and where. */
const Attached = {
	object: t.Handle,
	program: t.optional(t.Text),
	map: t.optional(t.Text),
	hook: Hook,
	ifindex: t.optional(t.Ifindex),
	path: t.optional(t.Text),
	symbol: t.optional(t.Text),
	binary: t.optional(t.Text),
	probe: t.optional(t.Text),
	tracepoint: t.optional(t.Text),
	mode: t.optional(XdpMode),
	pf: t.optional(t.U32),
	hooknum: t.optional(t.U32),
	/** Of a tc filter: 0 to 65,535; of a netfilter program: any 32-bit number. */
	priority: t.optional(t.S32),
	filter_handle: t.optional(t.U32),
	/** Of an iterator: a map of the object, the order of cgroups (BPF_CGROUP_ITER_*), a task. */
	iterated: t.optional(t.Text),
	order: t.optional(t.U32),
	tid: t.optional(t.uint(0x7fffffff)),
	pid: t.optional(t.uint(0x7fffffff)),
};

/** Output of an iterator's program when it was read once, at most 64 KiB. */
const Iteration = t.object({ errno: t.Errno, data: Bytes() });

/** Attaching programs, and what the kernel lists at a device. */
export const attachOperations = {
	/**
	 * Attaches a loaded program (or a struct_ops map) and holds the link. `hook` `auto` attaches as
	 * libbpf does by section; with `symbol` to that function (kprobe) or pattern (kprobe.multi),
	 * with `tracepoint` to that tracepoint, with `binary` to its function `symbol` (uprobe) or its
	 * USDT probe `probe` (`provider:name`). Devices are given by `ifindex`, cgroups and namespaces
	 * by `path`. A tc filter gets `priority` (pref) and `filter_handle`; the kernel chooses those
	 * that are not given. EEXIST: there is a filter with both. `replaces` exchanges the program of
	 * an attachment: BPF_LINK_UPDATE, with `expected` only if that is the current program (EPERM),
	 * or a new program for the filter with the same pref and handle. Positions in a list
	 * (BPF_F_BEFORE ...) need the operation `bpf`. For the hooks from `socket` on the agent
	 * makes the socket, map, perf event, route or action. An `iterator` is read once.
	 * `program` and `map` together attach an sk_msg or sk_skb program to a sockmap, whatever the
	 * hook; `map` alone is a struct_ops map.
	 */
	attach: t.operation(
		t.object({
			...Attached,
			replaces: t.optional(t.Handle),
			expected: t.optional(t.Named),
			...t.InNetns,
		}),
		t.object({
			link: t.Handle,
			/** The kernel's link id and type; absent for what is no link (tc filters). */
			id: t.optional(t.U32),
			type: t.optional(t.U32),
			iteration: t.optional(Iteration),
			log: t.Text,
		}),
	),
	/**
	 * Attaches and detaches within one operation: a program that denies the agent what it needs, or
	 * kills, does not meet its next request. `info_errno` is what BPF_OBJ_GET_INFO_BY_FD said of
	 * the link while the program was attached. `err` names the step that failed.
	 */
	attach_once: t.operation(
		t.object({ ...Attached, ...t.InNetns }),
		t.object({
			id: t.optional(t.U32),
			type: t.optional(t.U32),
			info_errno: t.Errno,
			iteration: t.optional(Iteration),
			log: t.Text,
		}),
	),
	detach: t.operation(t.object({ link: t.Handle }), t.Empty),

	/**
	 * Filters of a device's clsact qdisc in the kernel's order, which is the order of execution;
	 * none without such a qdisc. `program` and `name` are of bpf filters only; the name is chosen
	 * by the program that attached the filter (libbpf: `program:[id]`). Within one pref the newest
	 * filter comes first, whatever its handle.
	 *
	 * Kernel: RTM_GETTFILTER, `cls_bpf_dump` of net/sched/cls_bpf.c.
	 */
	tc_filters: t.operation(
		t.object({ ifindex: t.Ifindex, egress: t.optional(t.Flag), ...t.InNetns }),
		t.object({
			filters: Type.Array(
				t.object({
					pref: t.U32,
					handle: t.U32,
					kind: t.Text,
					direct_action: t.Flag,
					program: t.optional(t.U32),
					name: t.optional(t.Text),
				}),
			),
		}),
	),
	/** Ids of a device's XDP programs by mode, 0 for none (IFLA_XDP). */
	xdp_query: t.operation(
		t.object({ ifindex: t.Ifindex, ...t.InNetns }),
		t.object({ native: t.U32, generic: t.U32, offloaded: t.U32 }),
	),
	/**
	 * Attaches an XDP program over rtnetlink, as `ip link set xdp` does, or detaches the present
	 * one without `program`. The program stays when its object is closed. `expected`: only if that
	 * is the present one (EEXIST); `exclusive`: only if there is none (EBUSY). The errno is the
	 * answer: EBUSY while a link holds the device.
	 */
	xdp_set: t.operation(
		t.object({
			ifindex: t.Ifindex,
			program: t.optional(t.Named),
			expected: t.optional(t.Named),
			mode: t.optional(XdpMode),
			exclusive: t.optional(t.Flag),
			...t.InNetns,
		}),
		t.object({ errno: t.Errno }),
	),
};
