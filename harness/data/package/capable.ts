// SPDX-License-Identifier: Apache-2.0
import type { ProgramFacts } from "./object.js";

/**
 * Program types that handle packets and sockets. No helper or kfunc of theirs writes the memory of
 * a process, changes the result of a system call outside their cgroup, or loads and attaches other
 * programs: they cannot change what the agent says.
 */
const networking = new Set([
	...["socket_filter", "sched_cls", "sched_act", "xdp", "netfilter", "flow_dissector"],
	...["lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"],
	...["sock_ops", "sk_skb", "sk_msg", "sk_reuseport", "sk_lookup"],
	...["cgroup_skb", "cgroup_sock", "cgroup_sock_addr", "cgroup_sockopt", "cgroup_device", "cgroup_sysctl"],
]);

/**
 * Whether a program can change what the agent says once it was attached or run. Tracing, kprobe,
 * raw tracepoint, tracepoint and perf_event programs can rewrite the agent's memory
 * (`bpf_probe_write_user`) or the result of a function (`bpf_override_return`, fmod_ret), LSM
 * programs can refuse what it asks for, syscall programs call bpf() with its file descriptors,
 * struct_ops programs replace parts of the kernel. So is one whose type is unknown, and `ext`,
 * which becomes part of another program.
 */
export function isCapable({ meaning }: Pick<ProgramFacts, "meaning">): boolean {
	return !networking.has(meaning?.type ?? "unspec");
}
