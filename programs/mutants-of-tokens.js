// SPDX-License-Identifier: Apache-2.0
import { mangleSkb, mangleXdp, writesNothing } from "./mutant.js";
/** Of packages for users with a token. */
export const mutantsOfTokens = {
    "token-tc": {
        "verdict swapped": [
            {
                file: "token-tc.bpf.c",
                search: "ip.ttl < *least",
                replace: "ip.ttl >= *least",
                case: "ttl/captured-session",
                message: "packet 2 (frame 2): retval: expected TC_ACT_SHOT, got TC_ACT_UNSPEC",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "token-tc.bpf.c",
                search: "*value += 1;",
                replace: "*value += 2;",
                case: "ttl/captured-session",
                message: "packet 1 (frame 1): map counters[COUNT_NEAR]: expected +1, got +2",
            },
            {
                file: "token-tc.bpf.c",
                search: "ip.ttl < *least",
                replace: "ip.ttl < *least - 1",
                case: "ttl/one-hop-further-away",
                message: "packet 2: map counters[COUNT_FAR]: expected +1, got +0",
            },
        ],
        "payload mangled": [
            {
                file: "token-tc.bpf.c",
                search: "	count(COUNT_NEAR);",
                replace: `	${mangleSkb(58)}\n	count(COUNT_NEAR);`,
                case: "ttl/counts-near-and-far",
                message: "packet 1: payload: expected 68656c6c 6f (5 bytes), got 68656c6c 2a (5 bytes)",
            },
        ],
    },
    "token-xdp": {
        "verdict swapped": [
            {
                file: "token-xdp.bpf.c",
                search: "	if (!dropped)\n		return XDP_PASS;",
                replace: "	if (!dropped)\n		return XDP_DROP;",
                case: "reflected/captured-answers",
                message: "packet 2 (frame 2): retval: expected XDP_PASS, got XDP_DROP",
            },
            {
                file: "token-xdp.bpf.c",
                search: "(dropped, 1);\n	return XDP_DROP;",
                replace: "(dropped, 1);\n	return XDP_PASS;",
                case: "reflected/jumbo-frames",
                message: "packet 1: retval: expected XDP_DROP, got XDP_PASS",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "token-xdp.bpf.c",
                search: "__sync_fetch_and_add(dropped, 1);",
                replace: "__sync_fetch_and_add(dropped, 2);",
                case: "reflected/captured-answers",
                message: "packet 1 (frame 1): map reflectors[11211]: expected +1, got +2",
            },
        ],
        "payload mangled": [
            {
                file: "token-xdp.bpf.c",
                search: "	__sync_fetch_and_add(dropped, 1);",
                replace: `	${mangleXdp(42)}\n	__sync_fetch_and_add(dropped, 1);`,
                case: "reflected/counts-what-it-drops",
                message: "packet 1: payload: expected 68656c6c6f (5 bytes), got 69656c6c6f (5 bytes)",
            },
        ],
    },
    "token-cgroup": {
        "verdict swapped": [
            {
                file: "token-cgroup.bpf.c",
                search: "		return ALLOW;\n	attempts",
                replace: "		return DENY;\n	attempts",
                case: "metadata/captured-attempts",
                message: "packet 2 (frame 2): retval: expected 1, got 0",
            },
            {
                file: "token-cgroup.bpf.c",
                search: "	return DENY;\n}",
                replace: "	return ALLOW;\n}",
                case: "metadata/captured-attempts",
                message: "packet 1 (frame 1): retval: expected 0, got 1",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                file: "token-cgroup.bpf.c",
                search: "__sync_fetch_and_add(attempts, 1);",
                replace: "__sync_fetch_and_add(attempts, 2);",
                case: "metadata/captured-attempts",
                message: "packet 3 (frame 3): map refused[0]: expected +1, got +2",
            },
            {
                file: "token-cgroup.bpf.c",
                search: "__u64 one = 1,",
                replace: "__u64 one = 0,",
                case: "metadata/captured-attempts",
                message: "packet 1 (frame 1): map refused[0]: expected +1, got +0",
            },
        ],
        "payload mangled": {
            because: "the verifier lets cgroup_skb programs only read packets",
            refused: {
                file: "token-cgroup.bpf.c",
                search: "	return judge(ip.daddr, bpf_get_socket_uid(skb));",
                replace: `	${mangleSkb(28)}\n	return judge(ip.daddr, bpf_get_socket_uid(skb));`,
            },
        },
    },
};
