// SPDX-License-Identifier: Apache-2.0

import { mapTypes } from "../../../base/bpf.js";
import { autoloads } from "../../../data/package/autoload.js";
import type { Package, PackageObject } from "../../../data/package/package.js";
import { type Delegation, delegationOfGrants, type Grant } from "./delegation.js";

/** Programs without an attach type are loaded with this one, number zero. */
const zeroAttachType = "cgroup_inet_ingress";

/** Types that need CAP_NET_ADMIN (`is_net_admin_prog_type` in kernel/bpf/syscall.c). */
const network = new Set(
	`sched_cls sched_act xdp lwt_in lwt_out lwt_xmit lwt_seg6local sk_skb sk_msg flow_dissector cgroup_skb cgroup_device
	cgroup_sock cgroup_sock_addr cgroup_sockopt cgroup_sysctl sock_ops ext netfilter`.split(/\s+/),
);
const networkMaps = new Set(["sockmap", "sockhash", "devmap", "devmap_hash", "xskmap"]);
const probing = /^probe_read_(kernel|user)/;

/** What a package probably needs, the start of a search; may be too wide and too narrow. */
export function likelyDelegation({ objects }: Pick<Package, "objects">): Delegation {
	return delegationOfGrants([
		...grants("commands", "map_create", "prog_load", "btf_load"),
		...objects.flatMap(grantsOfObject),
		...grants("capabilities", "cap_bpf", "cap_perfmon"),
	]);
}

const grants = (kind: Grant["kind"], ...names: string[]): Grant[] => names.map((name) => ({ kind, name }));

function grantsOfObject(subject: PackageObject): Grant[] {
	const { programs, maps, settings } = subject;
	const inner = maps.flatMap((map) => map.inner?.type ?? []);
	const set = Object.values(settings.maps ?? {}).flatMap((map) => map.inner?.type ?? []);
	const types = [...maps.map(({ type }) => type), ...inner, ...set].filter(
		(type) => mapTypes.number(type) !== undefined,
	);
	const wanted = programs.filter((program) => autoloads(subject, program));
	const net =
		wanted.some(({ meaning }) => network.has(meaning?.type ?? "")) ||
		types.some((type) => networkMaps.has(type));
	const helpers = wanted.flatMap(({ uses }) => uses.helpers);
	const onProgram = wanted.some(({ name }) => settings.programs?.[name]?.target?.program !== undefined);
	return [
		...grants("maps", ...types),
		...grants("programs", ...wanted.flatMap(({ meaning }) => meaning?.type ?? [])),
		// libbpf probes with it whether it can load programs, and for global variables.
		...grants("programs", "socket_filter"),
		...(helpers.some((name) => probing.test(name)) ? grants("programs", "tracepoint") : []),
		...grants("attachments", zeroAttachType, ...wanted.flatMap(({ meaning }) => meaning?.attachType ?? [])),
		...(net ? grants("capabilities", "cap_net_admin") : []),
		// libbpf reads the BTF of the program that is replaced or traced.
		...(onProgram
			? [...grants("commands", "btf_get_fd_by_id"), ...grants("capabilities", "cap_sys_admin")]
			: []),
	];
}
