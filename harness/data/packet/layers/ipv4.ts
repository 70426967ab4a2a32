// SPDX-License-Identifier: Apache-2.0
import { concat, writeBits } from "../bytes.js";
import { internetChecksum, wordSum } from "../checksum.js";
import { flags, hexadecimal, ipv4Address, uint } from "../field.js";
import { defaultAddresses, layerAfter, protocolField, protocolOf } from "../ip.js";
import { bare, type Framing, general, items, listOf, one, record, typed, zeroPad } from "../items.js";
import { decoded, type LayerKind, optional, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const layout = new Layout({
	version: uint(4, "version", 4),
	ihl: uint(4, "header length in words of 4 bytes"),
	tos: uint(8, "DSCP and ECN", 0),
	tot_len: uint(16, "bytes of header and payload"),
	id: uint(16, "identification", 0),
	flags: flags(["mf", "df", "reserved"], "more fragments, don't fragment, the reserved bit", []),
	frag_off: uint(13, "fragment offset in units of 8 bytes", 0),
	ttl: uint(8, "time to live", 64),
	protocol: protocolField(),
	check: hexadecimal(16, "header checksum"),
	src: ipv4Address("source", defaultAddresses.ipv4.src),
	dst: ipv4Address("destination", defaultAddresses.ipv4.dst),
});

/** Options of IPv4 and TCP: a type, the size of the whole option, the value. */
export const optionFraming: Framing = {
	header: 2,
	frame: (type, value) => concat(Uint8Array.of(type, 2 + value.length), value),
	unframe: (bytes) => ({ type: bytes[0]!, size: bytes[1]! }),
};

/** An option that has no name here. */
export const anyOption = general(
	new Layout({ type: uint(8, "option kind", 0), length: uint(8, "bytes of the whole option") }),
	({ length }) => Number(length),
	(size) => Math.min(size, 255),
);

const route = record(new Layout({ pointer: uint(8, "offset of the next slot, from 1", 4) }), {
	name: "route",
	codec: listOf(one(ipv4Address("address")), 4, "addresses"),
});

const options = items(
	{
		eol: bare(0),
		nop: bare(1),
		record_route: typed(optionFraming, 7, route),
		loose_route: typed(optionFraming, 131, route),
		strict_route: typed(optionFraming, 137, route),
		router_alert: typed(optionFraming, 148, one(uint(16, "value (RFC 2113)"))),
		option: anyOption,
	},
	"options (RFC 791 3.1), padded with zeros to whole words",
	zeroPad(4),
);

export const ipv4: LayerKind = {
	description: "IPv4 header (RFC 791)",
	fields: { ...schemasOf(layout), options: options.schema },
	delimited: true,
	build(values, { place, inner, next }) {
		const extra = optional(options, values, "options", place);
		const size = layout.size + extra.length;
		const computed = {
			ihl: Math.min(size / 4, 15),
			tot_len: Math.min(size + inner.length, 0xffff),
			protocol: protocolOf(next, false),
		};
		const header = concat(layout.write(values, place, computed), extra);
		if (values.check === undefined)
			writeBits(header, layout.bitOf("check"), 16, internetChecksum(wordSum(header)));
		return header;
	},
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		const claimed = (bytes[0]! & 15) * 4;
		const whole = claimed >= layout.size && claimed <= bytes.length;
		const header = whole ? claimed : layout.size;
		if (header > layout.size) fields.options = decoded(options, bytes, layout.size, header);
		const length = Number(fields.tot_len!.value);
		return {
			fields,
			header,
			// Zero stands for a length of more than 16 bits that segmentation offload left there.
			end: length >= header && length <= bytes.length ? length : bytes.length,
			next: whole && fields.frag_off!.value === 0 ? layerAfter(fields.protocol!.value, false) : undefined,
		};
	},
};
