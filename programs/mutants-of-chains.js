// SPDX-License-Identifier: Apache-2.0
import { mangleSkb, mangleXdp, writesNothing } from "./mutant.js";
/** Of the members of chains. */
export const mutantsOfChains = {
    "chain-dispatcher": {
        "verdict swapped": [
            {
                file: "chain-dispatcher.bpf.c",
                search: "ip->ttl < least_ttl ? XDP_DROP : XDP_PASS;",
                replace: "ip->ttl < least_ttl ? XDP_PASS : XDP_DROP;",
                case: "members/captured-probes-and-their-ttl",
                message: "packet 1 (frame 1): retval: expected XDP_DROP, got XDP_PASS",
            },
            {
                file: "chain-dispatcher.bpf.c",
                search: "		return XDP_DROP;\n	return XDP_PASS;",
                replace: "		return XDP_PASS;\n	return XDP_DROP;",
                case: "members/captured-probes-and-their-headers",
                message: "packet 4 (frame 4): retval: expected XDP_DROP, got XDP_PASS",
            },
            {
                file: "chain-dispatcher.bpf.c",
                search: "judge_header(ctx, bpf_xdp_get_buff_len(ctx))",
                replace: "judge_header(ctx, ctx->data_end - ctx->data)",
                case: "members/headers-of-jumbo-frames",
                message: "packet 1: retval: expected XDP_PASS, got XDP_DROP",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "chain-dispatcher.bpf.c",
                search: "*frames += 1;",
                replace: "*frames += 2;",
                case: "members/captured-probes-and-their-lengths",
                message: "packet 1 (frame 1): map lengths[0]: expected +1, got +2",
            },
            {
                file: "chain-dispatcher.bpf.c",
                search: "__u32 step = frame >> 8;",
                replace: "__u32 step = (frame + 1) >> 8;",
                case: "members/lengths-at-a-step-and-behind-the-last",
                message: "packet 1: map lengths[0]: expected +1, got +0",
            },
        ],
        "payload mangled": [
            {
                file: "chain-dispatcher.bpf.c",
                search: "	if (frames)",
                replace: `	${mangleXdp(42)}\n	if (frames)`,
                case: "members/captured-probes-and-their-lengths",
                message: "packet 1 (frame 1): payload: expected 40404040404040404040404040404040… (32 bytes), got 41404040404040404040404040404040… (32 bytes)",
            },
        ],
    },
    "chain-l3af": {
        "verdict swapped": [
            {
                file: "chain-l3af.bpf.c",
                search: "	if (is_scan(ctx))\n		return XDP_DROP;\n	bpf_tail_call(ctx, &flags_guard_next, 0);",
                replace: "	if (!is_scan(ctx))\n		return XDP_DROP;\n	bpf_tail_call(ctx, &flags_guard_next, 0);",
                case: "members/captured-scan-through-the-chain",
                message: "packet 1 (frame 1): retval: expected XDP_PASS, got XDP_DROP",
            },
            {
                file: "chain-l3af.bpf.c",
                search: "return udp && udp->source == ",
                replace: "return udp && udp->source != ",
                case: "members/captured-scan-through-the-chain",
                message: "packet 3 (frame 3): retval: expected XDP_DROP, got XDP_PASS",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "chain-l3af.bpf.c",
                search: "*count += 1;",
                replace: "*count += 2;",
                case: "members/captured-scan-through-the-chain",
                message: "packet 4 (frame 4): map packets[1]: expected +1, got +2",
            },
            {
                file: "chain-l3af.bpf.c",
                search: "first = 1,",
                replace: "first = 0,",
                case: "members/captured-scan-through-the-chain",
                message: "packet 1 (frame 1): map packets[1]: expected +1, got +0",
            },
        ],
        "payload mangled": [
            {
                file: "chain-l3af.bpf.c",
                search: "	if (count)",
                replace: `	${mangleXdp(42)}\n	if (count)`,
                case: "members/account-adds-to-what-is-there",
                message: "packet 1: payload: expected 68656c6c6f (5 bytes), got 69656c6c6f (5 bytes)",
            },
        ],
    },
    "chain-netkit": {
        "verdict swapped": [
            {
                file: "chain-netkit.bpf.c",
                search: "bpf_htonl(0xe0000000) ? NETKIT_DROP : NETKIT_NEXT;",
                replace: "bpf_htonl(0xe0000000) ? NETKIT_NEXT : NETKIT_DROP;",
                case: "members/captured-pod-and-its-sources",
                message: "packet 4 (frame 4): retval: expected TC_ACT_SHOT, got TC_ACT_UNSPEC",
            },
            {
                file: "chain-netkit.bpf.c",
                search: "is_denied(skb) ? NETKIT_DROP : NETKIT_NEXT;",
                replace: "is_denied(skb) ? NETKIT_NEXT : NETKIT_DROP;",
                case: "members/captured-pod-and-its-ports",
                message: "packet 3 (frame 3): retval: expected TC_ACT_SHOT, got TC_ACT_UNSPEC",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "chain-netkit.bpf.c",
                search: "*bytes += skb->len;",
                replace: "*bytes += skb->len + 1;",
                case: "members/account-adds-to-what-is-there",
                message: "packet 1: map bytes_sent[2048]: expected +47, got +48",
            },
            {
                file: "chain-netkit.bpf.c",
                search: "first = skb->len;",
                replace: "first = skb->len - 1;",
                case: "members/captured-pod-and-its-bytes",
                message: "packet 1 (frame 1): map bytes_sent[2048]: expected +54, got +53",
            },
        ],
        "payload mangled": [
            {
                file: "chain-netkit.bpf.c",
                search: "	if (bytes)",
                replace: `	${mangleSkb(46)}\n	if (bytes)`,
                case: "members/account-adds-to-what-is-there",
                message: "packet 1: payload: expected 68656c6c 6f (5 bytes), got 68656c6c 2a (5 bytes)",
            },
        ],
    },
    "chain-tc": {
        "verdict swapped": [
            {
                file: "chain-tc.bpf.c",
                search: "? TC_ACT_SHOT : TC_ACT_UNSPEC;",
                replace: "? TC_ACT_UNSPEC : TC_ACT_SHOT;",
                case: "members/captured-bulk",
                message: "packet 1 (frame 2): retval: expected TC_ACT_SHOT, got TC_ACT_UNSPEC",
            },
            {
                file: "chain-tc.bpf.c",
                search: "skb->len > bulk_bytes",
                replace: "skb->len >= bulk_bytes",
                case: "members/limit-ends-the-chain-for-long-bulk-alone",
                message: "packet 3: retval: expected TC_ACT_UNSPEC, got TC_ACT_SHOT",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "chain-tc.bpf.c",
                search: "*packets += 1;",
                replace: "*packets += 2;",
                case: "members/count-adds-to-what-is-there",
                message: "packet 1: map passed[CLASS_VOICE]: expected +1, got +2",
            },
            {
                file: "chain-tc.bpf.c",
                search: "#define DSCP_EF 46",
                replace: "#define DSCP_EF 45",
                case: "members/captured-classes",
                message: "packet 1 (frame 1): context.priority: expected 2, got 0",
            },
        ],
        "payload mangled": [
            {
                file: "chain-tc.bpf.c",
                search: "	if (packets)",
                replace: `	${mangleSkb(46)}\n	if (packets)`,
                case: "members/count-adds-to-what-is-there",
                message: "packet 1: payload: expected 68656c6c 6f (5 bytes), got 68656c6c 2a (5 bytes)",
            },
        ],
    },
    "chain-tcx": {
        "verdict swapped": [
            {
                file: "chain-tcx.bpf.c",
                search: "? TCX_DROP : TCX_NEXT;",
                replace: "? TCX_NEXT : TCX_DROP;",
                case: "members/captured-arrivals-are-policed",
                message: "packet 2 (frame 2): retval: expected TC_ACT_SHOT, got TC_ACT_UNSPEC",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "chain-tcx.bpf.c",
                search: "traffic->packets++;",
                replace: "traffic->packets += 2;",
                case: "members/captured-arrivals-are-counted",
                message: "packet 2 (frame 2): map arrived[PROTOCOL_IPV4].packets: expected +1, got +2",
            },
            {
                file: "chain-tcx.bpf.c",
                search: "skb->mark = head[1] >> 2;",
                replace: "skb->mark = (head[1] >> 2) + 1;",
                case: "members/captured-arrivals-are-marked",
                message: "packet 2 (frame 4): context.mark: expected 0, got 1",
            },
        ],
        "payload mangled": [
            {
                file: "chain-tcx.bpf.c",
                search: "	if (traffic) {",
                replace: `	${mangleSkb(66)}\n	if (traffic) {`,
                case: "members/account-adds-to-what-is-there",
                message: "packet 1: payload: expected 68656c6c 6f (5 bytes), got 68656c6c 2a (5 bytes)",
            },
        ],
    },
};
