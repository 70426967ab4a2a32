// SPDX-License-Identifier: Apache-2.0
import { concat } from "../bytes.js";
import { canonical, hexadecimal, ipv6Address, named, octets, uint } from "../field.js";
import { layerAfter, protocolField, protocolOf } from "../ip.js";
import { content, listOf, one } from "../items.js";
import { decoded, type LayerKind, optional, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const start = new Layout({
	nexthdr: protocolField(),
	hdrlen: uint(8, "bytes of the header in units of 8, without the first 8"),
	type: named(
		{ source: 0, mobile: 2, segment: 4 },
		uint(8, "source (RFC 5095), mobile (RFC 6275) or segment (RFC 8754)", 0),
	),
	segments_left: uint(8, "stops yet to be made; all of them unless given"),
});
const plain = new Layout({ reserved: octets(4, "reserved") });
const segment = new Layout({
	last_entry: uint(8, "index of the last address"),
	flags: hexadecimal(8, "flags", "0x00"),
	tag: hexadecimal(16, "tag", "0x0000"),
});

const addresses = listOf(
	one(ipv6Address("address")),
	16,
	"stops; of a segment routing header the last stop first",
);

/** Lists of addresses in front of `data`: the rest, TLVs of a segment routing header. */
export const routing: LayerKind = {
	description: "IPv6 routing header (RFC 8200 4.4)",
	fields: { ...schemasOf(start, plain, segment), addresses: addresses.schema, data: content.schema },
	kept: ["type"],
	build(values, { place, next }) {
		const list = optional(addresses, values, "addresses", place);
		const count = list.length / 16;
		const isSegment = canonical(start.fields.type, values.type) === "segment";
		const more = isSegment
			? segment.write(values, place, { last_entry: Math.min(Math.max(count - 1, 0), 255) })
			: plain.write(values, place);
		const data = optional(content, values, "data", place);
		const size = start.size + more.length + list.length + data.length;
		const computed = {
			nexthdr: protocolOf(next, true),
			hdrlen: Math.min(Math.floor(size / 8) - 1, 255),
			segments_left: Math.min(count, 255),
		};
		return concat(start.write(values, place, computed), more, list, data);
	},
	read(bytes) {
		const header = (Number(bytes[1] ?? 0) + 1) * 8;
		if (bytes.length < header) return undefined;
		const fields = start.locate(bytes);
		const type = fields.type!.value;
		Object.assign(fields, (type === "segment" ? segment : plain).locate(bytes, 4));
		const room = Math.floor((header - 8) / 16);
		const count = type === "segment" ? Math.min(bytes[4]! + 1, room) : typeof type === "string" ? room : 0;
		const end = 8 + count * 16;
		if (count > 0) fields.addresses = decoded(addresses, bytes, 8, end);
		if (header > end) fields.data = decoded(content, bytes, end, header);
		return { fields, header, next: layerAfter(fields.nexthdr!.value, true) };
	},
};
