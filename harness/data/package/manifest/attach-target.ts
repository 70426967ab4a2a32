// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false };

/** Where a program can be put that its section does not bind. */
export const attachPlaces = [
	"xdp",
	"tc_ingress",
	"tc_egress",
	"tcx_ingress",
	"tcx_egress",
	"netkit_primary",
	"netkit_peer",
	"cgroup",
	"netns",
	"netfilter",
] as const;

/** Orders of a cgroup iterator: BPF_CGROUP_ITER_*, lower case, by their number less 1. */
export const cgroupOrders = [
	"self_only",
	"descendants_pre",
	"descendants_post",
	"ancestors_up",
	"children",
] as const;

const Task = Type.Integer({
	minimum: 1,
	maximum: 0x7fffffff,
	description: "task iterators: thread (tid) or process (pid) of the guest; default: all",
});

/** Where a program is attached; `hook` is the field's word. Default: as its ELF section says. */
export const AttachTarget = Type.Object(
	{
		hook: Type.Unsafe<(typeof attachPlaces)[number] | "none" | "auto">({
			type: "string",
			enum: ["none", ...attachPlaces, "auto"],
			description: "`auto`: by section, as libbpf does; `none`: the program is only loaded",
		}),
		symbol: Type.Optional(
			Type.String({
				description: "kprobe, uprobe: function, or a pattern for kprobe.multi and uprobe.multi",
			}),
		),
		binary: Type.Optional(
			Type.String({
				pattern: "^/[^/]",
				description: "uprobe, usdt: the binary, as `to` of guest.files names it",
			}),
		),
		probe: Type.Optional(
			Type.String({ pattern: "^[^:]+:[^:]+$", description: "usdt: `provider:name`, with `binary`" }),
		),
		tracepoint: Type.Optional(Type.String({ description: "`category/name`, or a raw tracepoint's name" })),
		map: Type.Optional(
			Type.String({ minLength: 1, description: "map iterators: map of the same object to iterate over" }),
		),
		cgroup: Type.Optional(
			Type.String({
				pattern: "^[A-Za-z0-9_-]{1,32}(/[A-Za-z0-9_-]{1,32}){0,3}$",
				description: "cgroup iterator: made in the guest below /sys/fs/cgroup; default: the root",
			}),
		),
		order: Type.Optional(
			Type.Unsafe<(typeof cgroupOrders)[number]>({
				type: "string",
				enum: [...cgroupOrders],
				description: "cgroup iterator: BPF_CGROUP_ITER_*, lower case",
			}),
		),
		tid: Type.Optional(Task),
		pid: Type.Optional(Task),
		mode: Type.Optional(Type.Unsafe<"native" | "generic">({ type: "string", enum: ["native", "generic"] })),
		pf: Type.Optional(Type.Integer({ description: "netfilter: protocol family, NFPROTO_*" })),
		hooknum: Type.Optional(Type.Integer({ description: "netfilter: NF_INET_*" })),
		priority: Type.Optional(Type.Integer({ description: "netfilter: priority" })),
	},
	closed,
);
export type AttachTarget = Static<typeof AttachTarget>;
