// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place, wrong } from "../../base/errors.js";
import { integerOf, type JsonValue, jsonInteger } from "../package/btf/btf-value.js";
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from "../packet/address.js";

/** How a field is written: integers in host order unless `be`, addresses as text. */
type FieldKind = "u8" | "u16" | "u32" | "u64" | "be16" | "be32" | "ip4" | "ip6";
interface Field {
	name: string;
	offset: number;
	kind: FieldKind;
	count: number;
}

const sizes: Record<FieldKind, number> = { u8: 1, u16: 2, u32: 4, u64: 8, be16: 2, be32: 4, ip4: 4, ip6: 16 };

/** A struct of the kernel's interface, as little-endian machines have it. */
export interface ContextStruct {
	/** As C calls it. */
	name: string;
	size: number;
	fields: readonly Field[];
	/** Fields that a program may change and that do not depend on the kernel's own doings. */
	written: readonly string[];
}

/** `name offset kind[count]`, one a line. */
function struct(name: string, size: number, written: string[], table: string): ContextStruct {
	const fields = table
		.trim()
		.split("\n")
		.map((line) => {
			const [field = "", offset = "", kind = "", count = "1"] = line.trim().split(/\s+/);
			return { name: field, offset: Number(offset), kind: kind as FieldKind, count: Number(count) };
		});
	return { name, size, fields, written };
}

/** include/uapi/linux/bpf.h */
const xdpMd = struct(
	"struct xdp_md",
	24,
	[],
	`
	data            0   u32
	data_end        4   u32
	data_meta       8   u32
	ingress_ifindex 12  u32
	rx_queue_index  16  u32
	egress_ifindex  20  u32
`,
);

/** include/uapi/linux/bpf.h; the kernel says which fields may be set (net/bpf/test_run.c). */
const skBuff = struct(
	"struct __sk_buff",
	192,
	["mark", "priority", "cb", "tstamp"],
	`
	len             0   u32
	pkt_type        4   u32
	mark            8   u32
	queue_mapping   12  u32
	protocol        16  be16
	vlan_present    20  u32
	vlan_tci        24  u32
	vlan_proto      28  be16
	priority        32  u32
	ingress_ifindex 36  u32
	ifindex         40  u32
	tc_index        44  u32
	cb              48  u32  5
	hash            68  u32
	tc_classid      72  u32
	napi_id         84  u32
	family          88  u32
	remote_ip4      92  ip4
	local_ip4       96  ip4
	remote_ip6      100 ip6
	local_ip6       116 ip6
	remote_port     132 be32
	local_port      136 u32
	tstamp          152 u64
	wire_len        160 u32
	gso_segs        164 u32
	gso_size        176 u32
	tstamp_type     180 u8
	hwtstamp        184 u64
`,
);

/** include/uapi/linux/bpf.h */
const skLookup = struct(
	"struct bpf_sk_lookup",
	72,
	["cookie"],
	`
	cookie          0   u64
	family          8   u32
	protocol        12  u32
	remote_ip4      16  ip4
	remote_ip6      20  ip6
	remote_port     36  be16
	local_ip4       40  ip4
	local_ip6       44  ip6
	local_port      60  u32
	ingress_ifindex 64  u32
`,
);

/** include/uapi/linux/bpf.h; what a flow dissector finds. */
const flowKeys = struct(
	"struct bpf_flow_keys",
	56,
	[
		"nhoff",
		"thoff",
		"addr_proto",
		"is_frag",
		"is_first_frag",
		"is_encap",
		"ip_proto",
		"n_proto",
		"sport",
		"dport",
		"ipv6_src",
		"ipv6_dst",
		"flags",
		"flow_label",
	],
	`
	nhoff           0   u16
	thoff           2   u16
	addr_proto      4   u16
	is_frag         6   u8
	is_first_frag   7   u8
	is_encap        8   u8
	ip_proto        9   u8
	n_proto         10  be16
	sport           12  be16
	dport           14  be16
	ipv4_src        16  ip4
	ipv4_dst        20  ip4
	ipv6_src        16  ip6
	ipv6_dst        32  ip6
	flags           48  u32
	flow_label      52  be32
`,
);

/** Start of include/linux/netfilter.h's struct nf_hook_state, the pointers behind it being zero. */
const hookState = struct(
	"struct nf_hook_state",
	48,
	[],
	`
	hook            0   u8
	pf              1   u8
`,
);

/** Arguments of a raw tracepoint: MAX_BPF_FUNC_ARGS of include/linux/bpf.h. */
const rawArguments = struct("struct bpf_raw_tracepoint_args", 96, [], "args 0 u64 12");

/** Of struct_ops: as many as the function has (net/bpf/bpf_dummy_struct_ops.c). */
export const structOpsArguments = struct("arguments", 96, [], "args 0 u64 12");

const structs: Readonly<Record<string, ContextStruct>> = {
	xdp: xdpMd,
	socket_filter: skBuff,
	sched_cls: skBuff,
	sched_act: skBuff,
	cgroup_skb: skBuff,
	lwt_in: skBuff,
	lwt_out: skBuff,
	lwt_xmit: skBuff,
	lwt_seg6local: skBuff,
	flow_dissector: flowKeys,
	sk_lookup: skLookup,
	netfilter: hookState,
	raw_tracepoint: rawArguments,
	raw_tracepoint_writable: rawArguments,
};

/** A program type's context; undefined when vectors cannot give it by field names. */
export function contextStruct(programType: string): ContextStruct | undefined {
	return structs[programType];
}

/** The bytes of a context, zero where nothing is given. @throws InputError */
export function encodeContext(
	{ name, size, fields }: ContextStruct,
	values: Readonly<Record<string, unknown>>,
	place: Place,
): Uint8Array {
	const bytes = new Uint8Array(size);
	for (const [key, value] of Object.entries(values)) {
		const pointer = `${place.pointer}/${key}`;
		const field = fields.find((candidate) => candidate.name === key);
		if (!field) {
			const has = fields.map((candidate) => candidate.name).join(", ");
			throw wrong(place, `${name} has no field ${JSON.stringify(key)}; it has ${has}`);
		}
		if (field.count > 1 && (!Array.isArray(value) || value.length > field.count))
			throw new InputError(place.file, pointer, `must be a list of up to ${field.count}`);
		const list: unknown[] = Array.isArray(value) && field.count > 1 ? value : [value];
		for (const [index, element] of list.entries()) {
			const at = field.count > 1 ? `${pointer}/${index}` : pointer;
			put(bytes, field.offset + index * sizes[field.kind], field.kind, element, {
				file: place.file,
				pointer: at,
			});
		}
	}
	return bytes;
}

function put(bytes: Uint8Array, offset: number, kind: FieldKind, value: unknown, place: Place): void {
	const fail = (reason: string) => wrong(place, reason);
	if (kind === "ip4" || kind === "ip6") {
		const parsed =
			typeof value === "string" ? (kind === "ip4" ? parseIpv4(value) : parseIpv6(value)) : undefined;
		if (!parsed) throw fail(`${JSON.stringify(value)} is not an IPv${kind === "ip4" ? 4 : 6} address`);
		bytes.set(parsed, offset);
		return;
	}
	const number = integerOf(value);
	const bits = sizes[kind] * 8;
	if (number === undefined) throw fail(`${JSON.stringify(value)} is not an integer`);
	if (number < 0n || number >= 1n << BigInt(bits)) throw fail(`${number} does not fit into ${bits} bits`);
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	const little = !kind.startsWith("be");
	switch (sizes[kind]) {
		case 1:
			view.setUint8(offset, Number(number));
			break;
		case 2:
			view.setUint16(offset, Number(number), little);
			break;
		case 4:
			view.setUint32(offset, Number(number), little);
			break;
		default:
			view.setBigUint64(offset, number, little);
	}
}

/** Fields of a context as they are, zero where the kernel gave fewer bytes than the struct has. */
export function decodeContext({ size, fields }: ContextStruct, given: Uint8Array): Record<string, JsonValue> {
	const bytes = new Uint8Array(size);
	bytes.set(given.subarray(0, size));
	return Object.fromEntries(
		fields.map(({ name, offset, kind, count }) => {
			const list = Array.from({ length: count }, (_, index) =>
				get(bytes, offset + index * sizes[kind], kind),
			);
			return [name, count > 1 ? list : list[0]!];
		}),
	);
}

function get(bytes: Uint8Array, offset: number, kind: FieldKind): JsonValue {
	if (kind === "ip4") return formatIpv4(bytes.subarray(offset, offset + 4));
	if (kind === "ip6") return formatIpv6(bytes.subarray(offset, offset + 16));
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	const little = !kind.startsWith("be");
	switch (sizes[kind]) {
		case 1:
			return view.getUint8(offset);
		case 2:
			return view.getUint16(offset, little);
		case 4:
			return view.getUint32(offset, little);
		default:
			return jsonInteger(view.getBigUint64(offset, little));
	}
}
