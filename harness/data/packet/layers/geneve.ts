// SPDX-License-Identifier: Apache-2.0
import { concat } from "../bytes.js";
import { flags, hexadecimal, uint } from "../field.js";
import { general, items, zeroPad } from "../items.js";
import { decoded, type LayerKind, optional, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";
import { etherTypeField, etherTypeOf, layerOfEtherType } from "./eth.js";

const layout = new Layout({
	ver: uint(2, "version", 0),
	opt_len: uint(6, "bytes of the options in words of 4 bytes"),
	flags: flags(["critical", "oam"], "O: control packet; C: critical options are there", []),
	reserved: uint(6, "reserved", 0),
	proto: etherTypeField(),
	vni: uint(24, "virtual network identifier", 1),
	reserved2: hexadecimal(8, "reserved", "0x00"),
});

const options = items(
	{
		option: general(
			new Layout({
				class: hexadecimal(16, "option class", "0x0000"),
				type: hexadecimal(8, "type; 0x80: critical", "0x00"),
				reserved: uint(3, "reserved", 0),
				length: uint(5, "words of 4 bytes in the value"),
			}),
			({ length }) => (Number(length) + 1) * 4,
			(size) => Math.min(Math.ceil(size / 4) - 1, 31),
		),
	},
	"options (RFC 8926 3.5)",
	zeroPad(4),
);

export const geneve: LayerKind = {
	description: "Geneve header (RFC 8926); an eth or IP layer follows",
	fields: { ...schemasOf(layout), options: options.schema },
	build(values, { place, next }) {
		const extra = optional(options, values, "options", place);
		const computed = { opt_len: Math.min(extra.length / 4, 63), proto: etherTypeOf(next) };
		return concat(layout.write(values, place, computed), extra);
	},
	read(bytes) {
		const header = layout.size + (Number(bytes[0] ?? 0) & 63) * 4;
		if (bytes.length < header) return undefined;
		const fields = layout.locate(bytes);
		if (header > layout.size) fields.options = decoded(options, bytes, layout.size, header);
		return { fields, header, next: layerOfEtherType(fields.proto!.value) };
	},
};
