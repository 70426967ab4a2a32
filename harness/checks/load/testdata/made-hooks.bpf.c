// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs whose hook a loader makes: a socket, a map's entry, a perf event, a route.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/** A program of `type` at `section` that answers `verdict`. */
#define PROGRAM(section, name, verdict) \
	SEC(section) int name(void *ctx) \
	{ \
		return verdict; \
	}

PROGRAM("socket", on_socket, 0)
PROGRAM("sk_reuseport", on_reuseport, SK_PASS)
PROGRAM("sk_reuseport/migrate", on_migrate, SK_PASS)
PROGRAM("sk_skb/stream_parser", on_parser, 0)
PROGRAM("sk_skb/stream_verdict", on_stream, SK_PASS)
PROGRAM("sk_skb/verdict", on_verdict, SK_PASS)
PROGRAM("sk_skb", on_sk_skb, SK_PASS)
PROGRAM("sk_msg", on_message, SK_PASS)
PROGRAM("xdp/devmap", on_devmap, XDP_PASS)
PROGRAM("xdp/cpumap", on_cpumap, XDP_PASS)
PROGRAM("perf_event", on_perf_event, 0)
PROGRAM("lwt_in", on_lwt_in, BPF_OK)
PROGRAM("lwt_out", on_lwt_out, BPF_OK)
PROGRAM("lwt_xmit", on_lwt_xmit, BPF_OK)
PROGRAM("action", on_action, 0)
PROGRAM("lwt_seg6local", on_seg6local, BPF_OK)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
