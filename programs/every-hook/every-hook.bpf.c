// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One program for each hook that bpfgate attaches to by itself; each does as little as it may. */
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <bpf/bpf_helpers.h>

/** A program of `type` at `section` that answers `verdict`. */
#define PROGRAM(section, name, verdict) \
	SEC(section) int name(void *ctx) \
	{ \
		return verdict; \
	}

PROGRAM("xdp", on_xdp, XDP_PASS)
PROGRAM("tc/ingress", on_tc_ingress, 0)
PROGRAM("tc/egress", on_tc_egress, 0)
PROGRAM("tcx/ingress", on_tcx_ingress, -1)
PROGRAM("tcx/egress", on_tcx_egress, -1)
PROGRAM("netkit/primary", on_netkit_primary, -1)
PROGRAM("netkit/peer", on_netkit_peer, -1)
PROGRAM("netfilter", on_netfilter, NF_ACCEPT)
PROGRAM("sk_lookup", on_sk_lookup, SK_PASS)
PROGRAM("flow_dissector", on_flow_dissector, BPF_OK)

PROGRAM("cgroup_skb/ingress", on_cgroup_ingress, 1)
PROGRAM("cgroup_skb/egress", on_cgroup_egress, 1)
PROGRAM("cgroup/sock_create", on_sock_create, 1)
PROGRAM("cgroup/post_bind4", on_post_bind4, 1)
PROGRAM("cgroup/bind4", on_bind4, 1)
PROGRAM("cgroup/connect4", on_connect4, 1)
PROGRAM("cgroup/sendmsg6", on_sendmsg6, 1)
PROGRAM("cgroup/getpeername4", on_getpeername4, 1)
PROGRAM("cgroup/sysctl", on_sysctl, 1)
PROGRAM("cgroup/setsockopt", on_setsockopt, 1)
PROGRAM("cgroup/dev", on_device, 1)
PROGRAM("sockops", on_sock_ops, 1)

PROGRAM("kprobe/vfs_read", on_kprobe, 0)
PROGRAM("kretprobe/vfs_read", on_kretprobe, 0)
PROGRAM("kprobe", on_kprobe_of_manifest, 0)
PROGRAM("kprobe.multi/vfs_rea*", on_kprobe_multi, 0)
PROGRAM("tracepoint/sched/sched_switch", on_tracepoint, 0)
PROGRAM("raw_tp/sched_switch", on_raw_tracepoint, 0)
PROGRAM("tp_btf/sched_switch", on_btf_tracepoint, 0)
PROGRAM("fentry/vfs_read", on_fentry, 0)
PROGRAM("fexit/vfs_read", on_fexit, 0)
PROGRAM("fmod_ret/security_file_permission", on_fmod_ret, 0)
PROGRAM("lsm/file_open", on_lsm, 0)
PROGRAM("lsm_cgroup/socket_bind", on_lsm_cgroup, 1)
PROGRAM("iter/task", on_iterator, 0)

char _license[] SEC("license") = "Dual BSD/GPL";
