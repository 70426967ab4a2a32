// SPDX-License-Identifier: Apache-2.0
import { mangleSkb, mangleXdp, writesNothing } from "./mutant.js";
import { mutantsOfChains } from "./mutants-of-chains.js";
import { mutantsOfObjects } from "./mutants-of-objects.js";
import { mutantsOfTokens } from "./mutants-of-tokens.js";
const hasNoPacket = { because: "it is asked for a socket, and gets no packet" };
/** By example package. */
export const mutants = {
    "xdp-filter": {
        "verdict swapped": [
            {
                file: "xdp-filter.bpf.c",
                search: "return key == COUNT_DEFAULT ?",
                replace: "return key != COUNT_DEFAULT ?",
                case: "filter/captured-telnet",
                message: "packet 1 (frame 1): retval: expected XDP_DROP, got XDP_PASS",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "xdp-filter.bpf.c",
                search: "counted->packets++;",
                replace: "counted->packets += 2;",
                case: "filter/captured-telnet",
                message: "packet 2 (frame 2): map counters[COUNT_DEFAULT].packets: expected +1, got +2",
            },
            {
                file: "xdp-filter.bpf.c",
                search: "counted->bytes += bytes;",
                replace: "counted->bytes += bytes - 1;",
                case: "filter/captured-telnet",
                message: "packet 1 (frame 1): map counters[COUNT_BLOCKED_PORT].bytes: expected +58, got +57",
            },
        ],
        "payload mangled": [
            {
                file: "xdp-filter.bpf.c",
                search: "	if (counted) {",
                replace: `	${mangleXdp(42)}\n	if (counted) {`,
                case: "filter/drops-blocked-host-but-not-its-neighbour",
                message: "packet 1: payload: expected 70696e67 (4 bytes), got 71696e67 (4 bytes)",
            },
        ],
    },
    "tc-marker": {
        "verdict swapped": [
            {
                file: "tc-marker.bpf.c",
                search: "		return TC_ACT_SHOT;\n	return TC_ACT_UNSPEC;",
                replace: "		return TC_ACT_UNSPEC;\n	return TC_ACT_SHOT;",
                case: "marker/captured-call",
                message: "packet 2 (frame 2): retval: expected TC_ACT_UNSPEC, got TC_ACT_SHOT",
            },
        ],
        "checksum not updated": [
            {
                file: "tc-marker.bpf.c",
                search: "return bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), from, to, sizeof(to));",
                replace: "return 0;",
                case: "marker/captured-call",
                message: "packet 2 (frame 2): ipv4.check: expected 0x2525, got 0x24f5",
            },
        ],
        "counter off by one": [
            {
                file: "tc-marker.bpf.c",
                search: "*packets += 1;",
                replace: "*packets += 2;",
                case: "marker/counts-by-value",
                message: "packet 1: map seen[46]: expected +1, got +2",
            },
        ],
        "payload mangled": [
            {
                file: "tc-marker.bpf.c",
                search: "	if (set_priority)",
                replace: `	${mangleSkb(46)}\n	if (set_priority)`,
                case: "marker/counts-by-value",
                message: "packet 1: payload: expected 68656c6c 6f (5 bytes), got 68656c6c 2a (5 bytes)",
            },
        ],
    },
    "xdp-chain": {
        "verdict swapped": [
            {
                file: "allow-list.bpf.c",
                search: "? XDP_PASS : XDP_DROP;",
                replace: "? XDP_DROP : XDP_PASS;",
                case: "members/captured-burst",
                message: "packet 2 (frame 2): retval: expected XDP_DROP, got XDP_PASS",
            },
            {
                file: "rate-limit.bpf.c",
                search: "? XDP_DROP : XDP_PASS;",
                replace: "? XDP_PASS : XDP_DROP;",
                case: "members/rate-limit-of-two",
                message: "packet 3: retval: expected XDP_DROP, got XDP_PASS",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "rate-limit.bpf.c",
                search: "++window->packets > packets_per_second",
                replace: "++window->packets >= packets_per_second",
                case: "members/rate-limit-of-two",
                message: "packet 2: retval: expected XDP_PASS, got XDP_DROP",
            },
            {
                file: "rate-limit.bpf.c",
                search: "window->packets = 0;",
                replace: "window->packets = 1;",
                case: "members/rate-limit-of-two",
                message: "packet 1: map windows[0].packets: expected 1, got 2",
            },
            {
                file: "accounting.bpf.c",
                search: "traffic->packets++;",
                replace: "traffic->packets += 2;",
                case: "members/accounting-by-device",
                message: "packet 2: map traffic_by_ifindex[1].packets: expected +1, got +2",
            },
            {
                file: "accounting.bpf.c",
                search: "bpf_xdp_get_buff_len(ctx)",
                replace: "ctx->data_end - ctx->data",
                case: "members/accounting-of-a-jumbo-frame",
                message: "packet 1: map traffic_by_ifindex[1].bytes: expected 9000, got 3520",
            },
        ],
        "payload mangled": [
            {
                file: "accounting.bpf.c",
                search: "	account(ctx, ctx->data_end - ctx->data);",
                replace: `	${mangleXdp(44)}\n	account(ctx, ctx->data_end - ctx->data);`,
                case: "members/accounting-by-device",
                message: "packet 1: payload: expected 6f6e 65 (3 bytes), got 6f6e 64 (3 bytes)",
            },
        ],
    },
    "tcx-accounting": {
        "verdict swapped": [
            {
                file: "tcx-accounting.bpf.c",
                search: "return TCX_NEXT;",
                replace: "return TCX_DROP;",
                case: "accounting/captured-mix",
                message: "packet 1 (frame 1): retval: expected TC_ACT_UNSPEC, got TC_ACT_SHOT",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "tcx-accounting.bpf.c",
                search: "sum->packets++;",
                replace: "sum->packets += 2;",
                case: "accounting/captured-mix",
                message: "packet 4 (frame 4): map traffic[ifindex=1,protocol=2048,direction=0].packets: expected +1, got +2",
            },
            {
                file: "tcx-accounting.bpf.c",
                search: ".packets = 1, .bytes = skb->len",
                replace: ".packets = 0, .bytes = skb->len",
                case: "accounting/captured-mix",
                message: "packet 1 (frame 1): map traffic[ifindex=1,protocol=2054,direction=0].packets: expected +1, got +0",
            },
        ],
        "payload mangled": [
            {
                file: "tcx-accounting.bpf.c",
                search: "	if (sum) {",
                replace: `	${mangleSkb(58)}\n	if (sum) {`,
                case: "accounting/captured-mix",
                message: "packet 4 (frame 4): payload: expected 68656c6c 6f (5 bytes), got 68656c6c 2a (5 bytes)",
            },
        ],
    },
    "netfilter-guard": {
        "verdict swapped": [
            {
                file: "netfilter-guard.bpf.c",
                search: "return NF_DROP;",
                replace: "return NF_ACCEPT;",
                case: "guard/captured-tunnels",
                message: "packet 1 (frame 1): retval: expected NF_DROP, got NF_ACCEPT",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "netfilter-guard.bpf.c",
                search: "__sync_fetch_and_add(dropped, 1);",
                replace: "__sync_fetch_and_add(dropped, 2);",
                case: "guard/captured-tunnels",
                message: "packet 2 (frame 2): map dropped_protocols[4]: expected +1, got +2",
            },
        ],
        "payload mangled": {
            because: "the verifier lets netfilter programs only read packets",
            refused: {
                file: "netfilter-guard.bpf.c",
                search: "	protocol = ip->protocol;",
                replace: "	ip->ttl = 1;\n	protocol = ip->protocol;",
            },
        },
    },
    "cgroup-connect-guard": {
        "verdict swapped": [
            {
                file: "connect-guard.bpf.c",
                search: "bpf_get_socket_cookie(skb));\n	return audit_only ? ALLOW : DENY;",
                replace: "bpf_get_socket_cookie(skb));\n	return audit_only ? DENY : ALLOW;",
                case: "egress/captured-queries",
                message: "packet 2 (frame 2): retval: expected 0, got 1",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "connect-guard.bpf.c",
                search: "*value += 1;",
                replace: "*value += 2;",
                case: "egress/captured-queries",
                message: "packet 1 (frame 1): map counters[COUNT_PACKET_ALLOWED]: expected +1, got +2",
            },
        ],
        "payload mangled": {
            because: "the verifier lets cgroup_skb programs only read packets",
            refused: {
                file: "connect-guard.bpf.c",
                search: "	switch (skb->protocol) {",
                replace: `	${mangleSkb(28)}\n	switch (skb->protocol) {`,
            },
        },
    },
    "sk-lookup-dispatcher": {
        "verdict swapped": [
            {
                file: "sk-lookup-dispatcher.bpf.c",
                search: "return failed ? SK_DROP : SK_PASS;",
                replace: "return failed ? SK_PASS : SK_DROP;",
                case: "dispatch/two-packets-of-two-services",
                message: "packet 1: retval: expected SK_PASS, got SK_DROP",
            },
            {
                file: "sk-lookup-dispatcher.bpf.c",
                search: "failed = bpf_sk_assign(ctx, listener, 0);",
                replace: "failed = 0;",
                case: "dispatch/two-packets-of-two-services",
                message: "packet 1: context.cookie: expected tcp 192.0.2.1:10443, got 0",
            },
        ],
        "checksum not updated": hasNoPacket,
        "counter off by one": { because: "it counts nothing" },
        "payload mangled": hasNoPacket,
    },
    ...mutantsOfChains,
    ...mutantsOfTokens,
    ...mutantsOfObjects,
};
