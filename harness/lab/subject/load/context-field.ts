// SPDX-License-Identifier: Apache-2.0
import type { ProgramFacts } from "../../../data/package/object.js";
import type { PackageObject } from "../../../data/package/package.js";
import type { ContextField } from "../../../data/reasons/facts.js";

/** Structures of include/uapi/linux/bpf.h that programs get as context, by program type. */
const contexts: Readonly<Record<string, string>> = {
	xdp: "xdp_md",
	socket_filter: "__sk_buff",
	sched_cls: "__sk_buff",
	sched_act: "__sk_buff",
	cgroup_skb: "__sk_buff",
	lwt_in: "__sk_buff",
	lwt_out: "__sk_buff",
	lwt_xmit: "__sk_buff",
	lwt_seg6local: "__sk_buff",
	sk_skb: "__sk_buff",
	flow_dissector: "__sk_buff",
	sk_msg: "sk_msg_md",
	sk_reuseport: "sk_reuseport_md",
	sk_lookup: "bpf_sk_lookup",
	sock_ops: "bpf_sock_ops",
	cgroup_sock: "bpf_sock",
	cgroup_sock_addr: "bpf_sock_addr",
	cgroup_sockopt: "bpf_sockopt",
	cgroup_sysctl: "bpf_sysctl",
	cgroup_device: "bpf_cgroup_dev_ctx",
	perf_event: "bpf_perf_event_data",
};

/** The field of a program's context at an offset in bytes, as the object's own BTF has it. */
export function contextField(
	{ btf }: PackageObject,
	{ meaning }: ProgramFacts,
	offset: number,
): ContextField | undefined {
	const name = contexts[meaning?.type ?? ""];
	const id = name === undefined ? undefined : btf?.find(name, "struct");
	if (!btf || name === undefined || id === undefined) return undefined;
	const struct = btf.type(id);
	if (struct.kind !== "struct") return undefined;
	for (const member of struct.members) {
		if (member.name === "" || member.bitSize > 0) continue;
		const start = member.bitOffset / 8;
		const size = btf.sizeOf(member.type);
		if (offset >= start && offset < start + size)
			return { struct: name, name: member.name, offset: start, size };
	}
	return undefined;
}
