// SPDX-License-Identifier: Apache-2.0
import { concat, writeBits } from "../bytes.js";
import { flags, hexadecimal, uint } from "../field.js";
import { transportChecksum } from "../ip.js";
import { bare, items, listOf, one, record, typed, word, zeroPad } from "../items.js";
import { decoded, type LayerKind, optional, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";
import { anyOption, optionFraming } from "./ipv4.js";

const layout = new Layout({
	sport: uint(16, "source port", 49152),
	dport: uint(16, "destination port", 80),
	seq: uint(32, "sequence number", 0),
	ack_seq: uint(32, "acknowledgement number", 0),
	doff: uint(4, "header length in words of 4 bytes"),
	reserved: uint(4, "reserved, and AE (RFC 9768)", 0),
	flags: flags(["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"], "control bits", []),
	window: uint(16, "window", 65535),
	check: hexadecimal(16, "checksum, with the pseudo-header"),
	urg_ptr: uint(16, "urgent pointer", 0),
});

const options = items(
	{
		eol: bare(0),
		nop: bare(1),
		mss: typed(optionFraming, 2, one(uint(16, "maximum segment size"))),
		window_scale: typed(optionFraming, 3, one(uint(8, "shift count (RFC 7323)"))),
		sack_permitted: word(optionFraming, 4),
		sack: typed(
			optionFraming,
			5,
			listOf(
				record(new Layout({ left: uint(32, "left edge", 0), right: uint(32, "right edge", 0) })),
				8,
				"selectively acknowledged blocks (RFC 2018)",
			),
		),
		timestamps: typed(
			optionFraming,
			8,
			record(new Layout({ tsval: uint(32, "timestamp", 0), tsecr: uint(32, "timestamp that is echoed", 0) })),
		),
		option: anyOption,
	},
	"options (RFC 9293 3.2), padded with zeros to whole words",
	zeroPad(4),
);

export const tcp: LayerKind = {
	description: "TCP header (RFC 9293)",
	fields: { ...schemasOf(layout), options: options.schema },
	build(values, { place, inner, outer }) {
		const extra = optional(options, values, "options", place);
		const size = layout.size + extra.length;
		const header = concat(layout.write(values, place, { doff: Math.min(size / 4, 15) }), extra);
		if (values.check === undefined)
			writeBits(header, layout.bitOf("check"), 16, transportChecksum(outer, 6, header, inner));
		return header;
	},
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		const claimed = Number(fields.doff!.value) * 4;
		const header = claimed > layout.size && claimed <= bytes.length ? claimed : layout.size;
		if (header > layout.size) fields.options = decoded(options, bytes, layout.size, header);
		return { fields, header };
	},
};
