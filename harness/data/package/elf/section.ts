// SPDX-License-Identifier: Apache-2.0

/**
 * What a section name means to libbpf 1.7: section, program type, expected attach type (`-`: none),
 * what such a program is attached to, and whether it may sleep. `+` at the end: the name alone or
 * with `/` and more, everything else must match exactly. As documented in the kernel's
 * Documentation/bpf/libbpf/program_types.rst.
 */
const table = `
	socket                   socket_filter            -                               socket
	sk_reuseport/migrate     sk_reuseport             sk_reuseport_select_or_migrate  socket
	sk_reuseport             sk_reuseport             sk_reuseport_select             socket
	kprobe+                  kprobe                   -                               function
	uprobe+                  kprobe                   -                               user_function
	uprobe.s+                kprobe                   -                               user_function    sleepable
	kretprobe+               kprobe                   -                               function
	uretprobe+               kprobe                   -                               user_function
	uretprobe.s+             kprobe                   -                               user_function    sleepable
	kprobe.multi+            kprobe                   trace_kprobe_multi              function
	kretprobe.multi+         kprobe                   trace_kprobe_multi              function
	kprobe.session+          kprobe                   trace_kprobe_session            function
	uprobe.multi+            kprobe                   trace_uprobe_multi              user_function
	uretprobe.multi+         kprobe                   trace_uprobe_multi              user_function
	uprobe.session+          kprobe                   trace_uprobe_session            user_function
	uprobe.multi.s+          kprobe                   trace_uprobe_multi              user_function    sleepable
	uretprobe.multi.s+       kprobe                   trace_uprobe_multi              user_function    sleepable
	uprobe.session.s+        kprobe                   trace_uprobe_session            user_function    sleepable
	ksyscall+                kprobe                   -                               system_call
	kretsyscall+             kprobe                   -                               system_call
	usdt+                    kprobe                   -                               user_tracepoint
	usdt.s+                  kprobe                   -                               user_tracepoint  sleepable
	tc/ingress               sched_cls                tcx_ingress                     netdev
	tc/egress                sched_cls                tcx_egress                      netdev
	tcx/ingress              sched_cls                tcx_ingress                     netdev
	tcx/egress               sched_cls                tcx_egress                      netdev
	tc                       sched_cls                -                               netdev
	classifier               sched_cls                -                               netdev
	action                   sched_act                -                               netdev
	netkit/primary           sched_cls                netkit_primary                  netdev
	netkit/peer              sched_cls                netkit_peer                     netdev
	tracepoint+              tracepoint               -                               tracepoint
	tp+                      tracepoint               -                               tracepoint
	raw_tracepoint+          raw_tracepoint           -                               tracepoint
	raw_tp+                  raw_tracepoint           -                               tracepoint
	raw_tracepoint.w+        raw_tracepoint_writable  -                               tracepoint
	raw_tp.w+                raw_tracepoint_writable  -                               tracepoint
	tp_btf+                  tracing                  trace_raw_tp                    tracepoint
	fentry+                  tracing                  trace_fentry                    function
	fmod_ret+                tracing                  modify_return                   function
	fexit+                   tracing                  trace_fexit                     function
	fentry.s+                tracing                  trace_fentry                    function         sleepable
	fmod_ret.s+              tracing                  modify_return                   function         sleepable
	fexit.s+                 tracing                  trace_fexit                     function         sleepable
	fsession+                tracing                  trace_fsession                  function
	fsession.s+              tracing                  trace_fsession                  function         sleepable
	freplace+                ext                      -                               program
	lsm+                     lsm                      lsm_mac                         lsm_hook
	lsm.s+                   lsm                      lsm_mac                         lsm_hook         sleepable
	lsm_cgroup+              lsm                      lsm_cgroup                      cgroup
	iter+                    tracing                  trace_iter                      iterator
	iter.s+                  tracing                  trace_iter                      iterator         sleepable
	syscall                  syscall                  -                               nothing          sleepable
	xdp.frags/devmap         xdp                      xdp_devmap                      map
	xdp/devmap               xdp                      xdp_devmap                      map
	xdp.frags/cpumap         xdp                      xdp_cpumap                      map
	xdp/cpumap               xdp                      xdp_cpumap                      map
	xdp.frags                xdp                      xdp                             netdev
	xdp                      xdp                      xdp                             netdev
	perf_event               perf_event               -                               perf_event
	lwt_in                   lwt_in                   -                               route
	lwt_out                  lwt_out                  -                               route
	lwt_xmit                 lwt_xmit                 -                               route
	lwt_seg6local            lwt_seg6local            -                               route
	sockops                  sock_ops                 cgroup_sock_ops                 cgroup
	sk_skb/stream_parser     sk_skb                   sk_skb_stream_parser            map
	sk_skb/stream_verdict    sk_skb                   sk_skb_stream_verdict           map
	sk_skb/verdict           sk_skb                   sk_skb_verdict                  map
	sk_skb                   sk_skb                   -                               map
	sk_msg                   sk_msg                   sk_msg_verdict                  map
	lirc_mode2               lirc_mode2               lirc_mode2                      device
	flow_dissector           flow_dissector           flow_dissector                  netns
	cgroup_skb/ingress       cgroup_skb               cgroup_inet_ingress             cgroup
	cgroup_skb/egress        cgroup_skb               cgroup_inet_egress              cgroup
	cgroup/skb               cgroup_skb               -                               cgroup
	cgroup/sock_create       cgroup_sock              cgroup_inet_sock_create         cgroup
	cgroup/sock_release      cgroup_sock              cgroup_inet_sock_release        cgroup
	cgroup/sock              cgroup_sock              cgroup_inet_sock_create         cgroup
	cgroup/post_bind4        cgroup_sock              cgroup_inet4_post_bind          cgroup
	cgroup/post_bind6        cgroup_sock              cgroup_inet6_post_bind          cgroup
	cgroup/bind4             cgroup_sock_addr         cgroup_inet4_bind               cgroup
	cgroup/bind6             cgroup_sock_addr         cgroup_inet6_bind               cgroup
	cgroup/connect4          cgroup_sock_addr         cgroup_inet4_connect            cgroup
	cgroup/connect6          cgroup_sock_addr         cgroup_inet6_connect            cgroup
	cgroup/connect_unix      cgroup_sock_addr         cgroup_unix_connect             cgroup
	cgroup/sendmsg4          cgroup_sock_addr         cgroup_udp4_sendmsg             cgroup
	cgroup/sendmsg6          cgroup_sock_addr         cgroup_udp6_sendmsg             cgroup
	cgroup/sendmsg_unix      cgroup_sock_addr         cgroup_unix_sendmsg             cgroup
	cgroup/recvmsg4          cgroup_sock_addr         cgroup_udp4_recvmsg             cgroup
	cgroup/recvmsg6          cgroup_sock_addr         cgroup_udp6_recvmsg             cgroup
	cgroup/recvmsg_unix      cgroup_sock_addr         cgroup_unix_recvmsg             cgroup
	cgroup/getpeername4      cgroup_sock_addr         cgroup_inet4_getpeername        cgroup
	cgroup/getpeername6      cgroup_sock_addr         cgroup_inet6_getpeername        cgroup
	cgroup/getpeername_unix  cgroup_sock_addr         cgroup_unix_getpeername         cgroup
	cgroup/getsockname4      cgroup_sock_addr         cgroup_inet4_getsockname        cgroup
	cgroup/getsockname6      cgroup_sock_addr         cgroup_inet6_getsockname        cgroup
	cgroup/getsockname_unix  cgroup_sock_addr         cgroup_unix_getsockname         cgroup
	cgroup/sysctl            cgroup_sysctl            cgroup_sysctl                   cgroup
	cgroup/getsockopt        cgroup_sockopt           cgroup_getsockopt               cgroup
	cgroup/setsockopt        cgroup_sockopt           cgroup_setsockopt               cgroup
	cgroup/dev               cgroup_device            cgroup_device                   cgroup
	struct_ops+              struct_ops               -                               struct_ops
	struct_ops.s+            struct_ops               -                               struct_ops       sleepable
	sk_lookup                sk_lookup                sk_lookup                       netns
	netfilter                netfilter                netfilter                       netfilter
`;

/** What a program of a section is attached to. */
export type AttachesTo =
	| "netdev"
	| "cgroup"
	| "netns"
	| "socket"
	| "map"
	| "route"
	| "netfilter"
	| "device"
	| "function"
	| "system_call"
	| "tracepoint"
	| "perf_event"
	| "lsm_hook"
	| "iterator"
	| "user_function"
	| "user_tracepoint"
	| "program"
	| "struct_ops"
	| "nothing";

export interface SectionMeaning {
	/** Name in `programTypes` (uapi.ts): `sched_cls`. */
	type: string;
	/** Name in `attachTypes`; absent when the type has none. */
	attachType?: string;
	attachesTo: AttachesTo;
	sleepable: boolean;
	/** What follows the slash: function, tracepoint, hook, iterator. */
	target?: string;
	/** False for names with `?` first: libbpf opens the program but does not load it unasked. */
	autoload: boolean;
}

export interface SectionRule extends Omit<SectionMeaning, "target" | "autoload"> {
	section: string;
	/** The name may be followed by `/` and more. */
	open: boolean;
}

/** In the order in which loaders try them. */
export const sectionRules: readonly SectionRule[] = table
	.trim()
	.split("\n")
	.map((line) => {
		const [name = "", type = "", attachType = "", attachesTo = "", sleepable] = line.trim().split(/\s+/);
		return {
			section: name.replace("+", ""),
			open: name.endsWith("+"),
			type,
			...(attachType === "-" ? {} : { attachType }),
			attachesTo: attachesTo as AttachesTo,
			sleepable: sleepable === "sleepable",
		};
	});

/** The meaning of an ELF section's name; undefined when libbpf knows no program type for it. */
export function meaningOf(section: string): SectionMeaning | undefined {
	const autoload = !section.startsWith("?");
	const name = autoload ? section : section.slice(1);
	const rule = sectionRules.find(
		(candidate) => candidate.section === name || (candidate.open && name.startsWith(`${candidate.section}/`)),
	);
	return rule && meaningByRule(rule, name, autoload);
}

/** What the section `name` (without `?`) means by a rule that covers it. */
export function meaningByRule(rule: SectionRule, name: string, autoload: boolean): SectionMeaning {
	const { section: prefix, open, ...meaning } = rule;
	const target = name.slice(prefix.length + 1);
	return { ...meaning, ...(open && target !== "" ? { target } : {}), autoload };
}

/** Each program type that a section may stand for, with each attach type it may have. */
export const programKinds: readonly Pick<SectionMeaning, "type" | "attachType">[] = [
	...new Map(
		sectionRules.map(({ type, attachType }) => [
			`${type}/${attachType}`,
			{ type, ...(attachType === undefined ? {} : { attachType }) },
		]),
	).values(),
];
