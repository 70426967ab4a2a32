// SPDX-License-Identifier: Apache-2.0
import type { Refused } from "./package-use.js";

/**
 * What libbpf 1.7 asks of the kernel before it loads an object (src/features.c,
 * `bpf_object__probe_loading`), by what it says when a token grants it nothing of that.
 */
const libbpfAsks: readonly { says: RegExp; hint: string }[] = [
	{
		says: /probe_loading\(\)/,
		hint: "before anything else libbpf loads a socket filter, or else a tracepoint program: whoever uses it needs program/socket_filter with attachment/cgroup_inet_ingress, or program/tracepoint with the same",
	},
	{
		says: /kernel doesn't support global data|probe_kern_global_data/,
		hint: "for global variables libbpf tries an array and a socket filter: it needs map/array, program/socket_filter and attachment/cgroup_inet_ingress",
	},
	{
		says: /BTF is mandatory/,
		hint: "the object cannot do without its BTF: it needs command/btf_load",
	},
];

/**
 * What the verifier says of a pointer that whoever loads may not see (`is_pointer_value`,
 * kernel/bpf/verifier.c). Comparing two pointers to a packet is allowed to all, anything else with
 * them is not.
 */
const leaks =
	/pointer (comparison|arithmetic .*) prohibited|leaks addr|R\d+ pointer .* prohibited|has unknown scalar with mixed signed bounds/;

/**
 * Why something was refused, and what to do about it, as far as the words of libbpf and the
 * verifier tell.
 */
export function hintFor({ verifierLog, libbpfLog }: Refused): string | undefined {
	const asks = libbpfAsks.find(({ says }) => says.test(libbpfLog));
	if (asks) return asks.hint;
	return needsPerfmon(verifierLog) ? dynptrHint : undefined;
}

/** Whether the verifier refused what CAP_PERFMON allows: to work with pointers as with numbers. */
export function needsPerfmon(verifierLog: string): boolean {
	return leaks.test(verifierLog);
}

/** For who reads packets by pointers. */
export const dynptrHint =
	"cap_perfmon, with which a user reads all memory of the kernel, is needed for nothing but to work with pointers as with numbers; a program that reads the packet through a dynptr (bpf_dynptr_from_xdp, bpf_dynptr_from_skb) or bpf_xdp_load_bytes and bpf_skb_load_bytes may do without";
