// SPDX-License-Identifier: Apache-2.0
import { mangleXdp, writesNothing } from "./mutant.js";
const source = "signed-bpftool/source/udp-quota.bpf.c";
const stats = "xdpfilt_alw_eth.o";
/** Of packages that have objects and no source: signed ones, and those of Debian. */
export const mutantsOfObjects = {
    "signed-filter": {
        "verdict swapped": [
            {
                source,
                file: "udp-quota.bpf.c",
                search: "__sync_fetch_and_add(&dropped, 1);\n	return XDP_DROP;",
                replace: "__sync_fetch_and_add(&dropped, 1);\n	return XDP_PASS;",
                case: "captured/captured-burst",
                message: "packet 4 (frame 4): retval: expected XDP_DROP, got XDP_PASS",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                source,
                file: "udp-quota.bpf.c",
                search: "__sync_fetch_and_add(&dropped, 1);",
                replace: "__sync_fetch_and_add(&dropped, 2);",
                case: "captured/captured-burst",
                message: "packet 4 (frame 4): map .bss.dropped: expected +1, got +2",
            },
            {
                source,
                file: "udp-quota.bpf.c",
                search: "*count < quota",
                replace: "*count <= quota",
                case: "captured/goes-on-from-what-was-sent",
                message: "packet 2: retval: expected XDP_DROP, got XDP_PASS",
            },
        ],
        "payload mangled": [
            {
                source,
                file: "udp-quota.bpf.c",
                search: "	if ((void *)(ip + 1) > end",
                replace: `	${mangleXdp(42, "context")}\n	if ((void *)(ip + 1) > end`,
                case: "captured/goes-on-from-what-was-sent",
                message: "packet 1: payload: expected 68656c6c6f (5 bytes), got 69656c6c6f (5 bytes)",
            },
        ],
    },
    "xdp-tools": {
        "verdict swapped": [
            {
                // Behind *(u64 *)(r0 + 0) = r2, which counts the match: r1 = XDP_DROP
                file: stats,
                search: "7b20000000000000b701000001000000",
                replace: "7b20000000000000b701000002000000",
                case: "filter-allow/captured-connection-by-address",
                message: "packet 1 (frame 1): retval: expected XDP_DROP, got XDP_PASS",
            },
        ],
        "checksum not updated": writesNothing,
        "counter off by one": [
            {
                // r1 += 1; *(u64 *)(r0 + 0) = r1
                file: stats,
                search: "07010000010000007b10000000000000",
                replace: "07010000020000007b10000000000000",
                case: "filter-allow/captured-connection-by-address",
                message: "packet 3 (frame 3): map xdp_stats_map[1].rx_packets: expected +1, got +2",
            },
        ],
        "payload mangled": [
            {
                // Of the destination address a byte less is read, and one of the frame is written:
                // *(u8 *)(r8 + 13) = 42
                file: stats,
                search: "71810500000000006701000008000000",
                replace: "72080d002a0000006701000008000000",
                case: "filter-allow/captured-connection-by-address",
                message: "packet 2 (frame 2): eth.proto: expected ipv4, got 0x082a",
            },
        ],
    },
};
