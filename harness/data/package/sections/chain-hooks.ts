// SPDX-License-Identifier: Apache-2.0

/** Ways in which several programs share a hook. */
export const chainMechanisms = ["tail_call", "dispatcher", "tc", "tcx", "netkit", "cgroup"] as const;
export type ChainMechanism = (typeof chainMechanisms)[number];

/** A hook that chains are made for. */
export interface ChainHookFacts {
	/** Name in `programTypes`: `sched_cls`. */
	programType: string;
	/** Name in `attachTypes` for a member's section, if any: cgroup programs are bound to it. */
	attachType?: string;
	/** Programs look at packets, from their Ethernet header on; absent where it is sockets. */
	packets?: true;
	/** What can make the chain; of those that a kernel has, the first is the default. */
	mechanisms: readonly ChainMechanism[];
}

const cgroup = (programType: string, attachType: string): ChainHookFacts => ({
	programType,
	attachType,
	mechanisms: ["cgroup"],
});
const xdp: ChainHookFacts = { programType: "xdp", packets: true, mechanisms: ["dispatcher", "tail_call"] };
const ofPackets = (...mechanisms: ChainMechanism[]): ChainHookFacts => ({
	programType: "sched_cls",
	packets: true,
	mechanisms,
});
const tc = ofPackets("tcx", "tc", "tail_call");
const tcx = ofPackets("tcx", "tail_call");
// With an Ethernet header in layer 3 mode too: `netkit_setup` calls `ether_setup`, `netkit_xmit`
// takes it off.
const netkit = ofPackets("netkit", "tail_call");

/** Kernel: enum bpf_attach_type of bpf.h; libxdp's dispatcher is a program of type xdp. */
export const chainHooks = {
	xdp,
	tc_ingress: tc,
	tc_egress: tc,
	tcx_ingress: tcx,
	tcx_egress: tcx,
	netkit_primary: netkit,
	netkit_peer: netkit,
	cgroup_connect4: cgroup("cgroup_sock_addr", "cgroup_inet4_connect"),
	cgroup_connect6: cgroup("cgroup_sock_addr", "cgroup_inet6_connect"),
	cgroup_bind4: cgroup("cgroup_sock_addr", "cgroup_inet4_bind"),
	cgroup_bind6: cgroup("cgroup_sock_addr", "cgroup_inet6_bind"),
	cgroup_sendmsg4: cgroup("cgroup_sock_addr", "cgroup_udp4_sendmsg"),
	cgroup_sendmsg6: cgroup("cgroup_sock_addr", "cgroup_udp6_sendmsg"),
	cgroup_skb_ingress: cgroup("cgroup_skb", "cgroup_inet_ingress"),
	cgroup_skb_egress: cgroup("cgroup_skb", "cgroup_inet_egress"),
	cgroup_getsockopt: cgroup("cgroup_sockopt", "cgroup_getsockopt"),
	cgroup_setsockopt: cgroup("cgroup_sockopt", "cgroup_setsockopt"),
} satisfies Record<string, ChainHookFacts>;
export type ChainHook = keyof typeof chainHooks;

/** What a mechanism takes from the manifest. */
export interface MechanismFacts {
	/** BPF_MPROG_MAX - 1, MAX_TAIL_CALL_CNT, MAX_DISPATCHER_ACTIONS, BPF_CGROUP_MAX_PROGS. */
	maxMembers: number;
	/** What `priority` of a member is to it; absent where nothing but the place counts. */
	priority?: { word: string; min: number; max: number };
	/** Whether configuration or program say `proceed_on`; elsewhere the kernel has fixed it. */
	proceeds: boolean;
}

const maxU32 = 0xffffffff;
/** Kernel: bpf_mprog.h, bpf.h, cgroup.c, cls_api.c (16-bit priorities; the limit of 64 is ours). */
export const mechanismFacts: Readonly<Record<ChainMechanism, MechanismFacts>> = {
	tail_call: { maxMembers: 33, priority: { word: "seq_id", min: 0, max: maxU32 }, proceeds: true },
	dispatcher: { maxMembers: 10, priority: { word: "run_prio", min: 0, max: maxU32 }, proceeds: true },
	tc: { maxMembers: 64, priority: { word: "pref", min: 1, max: 0xffff }, proceeds: false },
	tcx: { maxMembers: 63, proceeds: false },
	netkit: { maxMembers: 63, proceeds: false },
	cgroup: { maxMembers: 64, proceeds: false },
};
