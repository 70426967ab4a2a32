// SPDX-License-Identifier: Apache-2.0
import type { Refused } from "./package-use.js";

/** libbpf 1.7's probes before a load (`bpf_object__probe_loading`), by the message of a refusal. */
const libbpfProbes: readonly { says: RegExp; hint: string }[] = [
	{
		says: /probe_loading\(\)/,
		hint: "libbpf first probes with a socket filter, then with a tracepoint program: allow program/socket_filter or program/tracepoint, with attachment/cgroup_inet_ingress",
	},
	{
		says: /kernel doesn't support global data|probe_kern_global_data/,
		hint: "libbpf probes for global variables with an array and a socket filter: allow map/array, program/socket_filter and attachment/cgroup_inet_ingress",
	},
	{
		says: /BTF is mandatory/,
		hint: "the object needs its BTF in the kernel: allow command/btf_load",
	},
];

/** The verifier about leaked pointers (`is_pointer_value`): such arithmetic needs CAP_PERFMON. */
const leaks =
	/pointer (comparison|arithmetic .*) prohibited|leaks addr|R\d+ pointer .* prohibited|has unknown scalar with mixed signed bounds/;

/** What to do about a refusal, where the log of libbpf or the verifier shows it. */
export function hintFor({ verifierLog, libbpfLog }: Refused): string | undefined {
	const probe = libbpfProbes.find(({ says }) => says.test(libbpfLog));
	if (probe) return probe.hint;
	return needsPerfmon(verifierLog) ? dynptrHint : undefined;
}

/** Whether the verifier refused what CAP_PERFMON allows: arithmetic on pointers. */
export function needsPerfmon(verifierLog: string): boolean {
	return leaks.test(verifierLog);
}

/** For programs that read packets through pointers. */
export const dynptrHint =
	"cap_perfmon is needed only for arithmetic on pointers, and lets its user read all kernel memory: read the packet through a dynptr (bpf_dynptr_from_xdp, bpf_dynptr_from_skb) or with bpf_xdp_load_bytes and bpf_skb_load_bytes, and it may not be needed";
