// SPDX-License-Identifier: Apache-2.0
import { build } from "../harness/data/packet/build.js";
/** What an example that is about packets has vectors of, and mistakes that these find. */
export const proofs = ["map state", "sequence", "capture", "several buffers", "mutants"];
/**
 * Types of programs that work on packets or for sockets (names in `programTypes`), and of protocols
 * written in BPF.
 */
export const networkingTypes = new Set([
    ...["xdp", "sched_cls", "sched_act", "socket_filter", "netfilter", "flow_dissector"],
    ...["lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"],
    ...["sk_lookup", "sk_reuseport", "sk_skb", "sk_msg", "sock_ops"],
    ...["cgroup_skb", "cgroup_sock", "cgroup_sock_addr", "cgroup_sockopt", "struct_ops"],
]);
/** Examples that have no vectors at all, and why. */
export const withoutVectors = {
    "chain-cgroup": "kernels have no test run for programs on connect4",
    "every-hook": "its programs look at nothing and change nothing",
    "tcp-aimd": "the test run of struct_ops is for the kernel's bpf_dummy_ops, not for congestion controls",
};
/** Examples whose object is that of another one, which has the vectors. */
export const sameObject = {
    "signed-bpftool": "signed-filter",
    "signed-previous-contract": "signed-filter",
};
/** What an example cannot have, and why. */
export const exempt = {
    "netfilter-guard": { "several buffers": "test runs of netfilter programs take a page at most" },
    "sk-lookup-dispatcher": {
        capture: "sk_lookup programs get no packet, but addresses and ports of a connection",
        "several buffers": "sk_lookup programs get no packet",
    },
    "xdp-tools": { "several buffers": "none of the objects that Debian ships says that it takes such frames" },
};
/** Frames above it go to the kernel in several buffers (4096 bytes on x86-64). */
const page = 4096;
/** What the vectors of an example prove; mutants are not theirs to prove. */
export function proofsOf({ files, captures, sections }) {
    const found = new Set();
    for (const file of files)
        for (const vector of file.vectors) {
            const packets = stepsOf(vector).flatMap(({ packet }) => packet ?? []);
            if (hasMapState(file, vector))
                found.add("map state");
            if (isSequence(vector))
                found.add("sequence");
            if (packets.some(({ pcap }) => pcap !== undefined && captures.has(pcap)))
                found.add("capture");
            if (packets.some(isLong) && takesSeveralBuffers(sections, vector.program ?? file.program))
                found.add("several buffers");
        }
    return found;
}
const stepsOf = (vector) => vector.sequence ?? [vector];
/** Maps have entries before, and something is expected of maps afterwards. */
function hasMapState(file, vector) {
    const before = { ...file.maps_before, ...vector.maps_before };
    const expectations = [vector, ...stepsOf(vector)].map(({ expect }) => expect?.maps_after);
    return Object.keys(before).length > 0 && expectations.some((after) => after !== undefined);
}
function isSequence({ sequence = [] }) {
    return sequence.length > 1 || sequence.some(({ packet }) => packet?.frames !== undefined);
}
const isLong = ({ layers }) => layers !== undefined && build(layers).length > page;
/** Of XDP programs those alone that say so; the only one when none is named. */
function takesSeveralBuffers(sections, program) {
    const [only] = sections.values();
    const section = (program === undefined ? only : sections.get(program))?.replace(/^\?/, "");
    return section !== undefined && !/^xdp(\/|$)/.test(section);
}
