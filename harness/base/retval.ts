// SPDX-License-Identifier: Apache-2.0

/** Meaning of return values by program type (uapi: bpf.h, pkt_cls.h, netfilter.h). */
const xdp = { XDP_ABORTED: 0, XDP_DROP: 1, XDP_PASS: 2, XDP_TX: 3, XDP_REDIRECT: 4 };
const tc = {
	TC_ACT_UNSPEC: -1,
	TC_ACT_OK: 0,
	TC_ACT_RECLASSIFY: 1,
	TC_ACT_SHOT: 2,
	TC_ACT_PIPE: 3,
	TC_ACT_STOLEN: 4,
	TC_ACT_QUEUED: 5,
	TC_ACT_REPEAT: 6,
	TC_ACT_REDIRECT: 7,
	TC_ACT_TRAP: 8,
	TCX_NEXT: -1,
	TCX_PASS: 0,
	TCX_DROP: 2,
	TCX_REDIRECT: 7,
	NETKIT_NEXT: -1,
	NETKIT_PASS: 0,
	NETKIT_DROP: 2,
	NETKIT_REDIRECT: 7,
};
const bpf = { BPF_OK: 0, BPF_DROP: 2, BPF_REDIRECT: 7, BPF_LWT_REROUTE: 128 };

const tables: Readonly<Record<string, Readonly<Record<string, number>>>> = {
	xdp,
	sched_cls: tc,
	sched_act: tc,
	lwt_in: bpf,
	lwt_out: bpf,
	lwt_xmit: bpf,
	lwt_seg6local: bpf,
	flow_dissector: { ...bpf, BPF_FLOW_DISSECTOR_CONTINUE: 129 },
	sk_lookup: { SK_DROP: 0, SK_PASS: 1 },
	sk_skb: { SK_DROP: 0, SK_PASS: 1 },
	netfilter: { NF_DROP: 0, NF_ACCEPT: 1 },
};

/** Names of return values for programs of a type; empty when numbers are all there is. */
export function retvalNames(programType: string): string[] {
	return Object.keys(tables[programType] ?? {});
}

/** The number of `XDP_DROP` or of a number, as the kernel's u32; undefined when there is none. */
export function retvalNumber(programType: string, value: string | number): number | undefined {
	if (typeof value === "number") return value >>> 0;
	const table = tables[programType] ?? {};
	return Object.hasOwn(table, value) ? table[value]! >>> 0 : undefined;
}

/** `XDP_DROP`; the number where it has no name. */
export function retvalName(programType: string, value: number): string {
	const found = Object.entries(tables[programType] ?? {}).find(([, number]) => number >>> 0 === value);
	return found?.[0] ?? String(programType === "syscall" ? value | 0 : value);
}
