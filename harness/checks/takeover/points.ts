// SPDX-License-Identifier: Apache-2.0
import type { Args } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { Hold } from "./hold.js";
import {
	anything,
	connections,
	datagrams,
	type LiveTraffic,
	packetsFrom,
	packetsTo,
	passing,
	socketsOpened,
} from "./traffic.js";

/** What `attach` wants to know of a hook. */
export type AttachArgs = Pick<
	Args<"attach">,
	"hook" | "map" | "symbol" | "tracepoint" | "path" | "pf" | "hooknum" | "priority"
>;

export interface PointFacts {
	/** Where bpfgate's own program is attached, to show what the kernel allows. */
	at: AttachArgs;
	holds: readonly Hold[];
	/** With it the program changes nothing. */
	verdict: number;
	/** What meets that program. */
	traffic: (guest: Guest) => LiveTraffic;
	/** What may meet a program of a package there, wherever it is; default: the same. */
	anything?: (guest: Guest) => LiveTraffic;
}

const linked: readonly Hold[] = ["link", "pinned"];
const netns = "/proc/self/ns/net";
/** NFPROTO_IPV4 and NF_INET_LOCAL_IN. */
const localIn = { pf: 2, hooknum: 1, priority: 0 };
const loopback = 1;

const traced = (at: AttachArgs): PointFacts => ({
	...{ at, holds: linked, verdict: 0, traffic: socketsOpened, anything },
});

/** SOL_SOCKET and SO_ATTACH_BPF of asm-generic/socket.h. */
export const SOL_SOCKET = 1;
export const soAttachBpf = 50;
/** Of the socket with the filter; not assigned, outside of the ephemeral range. */
export const filteredPort = 7412;

/** The struct_ops map of bpfgate's own. */
export const congestionMap = "congestion";

/** Hooks that a program has for itself: no other program stands in its list. */
export const points = {
	kprobe: traced({ hook: "auto", symbol: "__sock_create" }),
	tracepoint: traced({ hook: "auto", tracepoint: "syscalls/sys_enter_socket" }),
	raw_tp: traced({ hook: "auto", tracepoint: "sys_enter" }),
	tracing: traced({ hook: "auto" }),
	lsm: traced({ hook: "auto" }),
	perf_event: {
		...{ at: { hook: "perf_event" }, holds: ["link"], verdict: 0 },
		traffic: (guest) => passing(guest, 1200),
	},
	netfilter: { at: { hook: "netfilter", ...localIn }, holds: linked, verdict: 1, traffic: datagrams },
	sk_lookup: { at: { hook: "netns", path: netns }, holds: linked, verdict: 1, traffic: datagrams },
	flow_dissector: {
		...{ at: { hook: "netns", path: netns }, holds: [...linked, "direct"], verdict: 0 },
		traffic: (guest) => packetsFrom(guest, { ifindex: loopback }),
	},
	/** How many bytes of a packet the socket gets. */
	socket_filter: {
		...{ at: { hook: "socket" }, holds: ["direct"], verdict: 0xffff },
		traffic: (guest) => packetsTo(guest, filteredPort),
	},
	/** A congestion control. */
	struct_ops: {
		...{ at: { hook: "auto", map: congestionMap }, holds: ["link", "direct"], verdict: 0 },
		traffic: (guest) => connections(guest, "bpfgate"),
	},
} as const satisfies Record<string, PointFacts>;

export type Point = keyof typeof points;
