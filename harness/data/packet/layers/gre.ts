// SPDX-License-Identifier: Apache-2.0
import { concat, writeBits } from "../bytes.js";
import { internetChecksum, wordSum } from "../checksum.js";
import { flags, hexadecimal, uint } from "../field.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";
import { etherTypeField, etherTypeOf, layerOfEtherType } from "./eth.js";

const start = new Layout({
	flags: flags(
		["sequence", "key", "routing", "checksum"],
		"what follows; computed from the fields that are given",
	),
	reserved: hexadecimal(9, "recursion control, flags of version 1", "0x000"),
	version: uint(3, "version", 0),
	proto: etherTypeField(),
});
const checksum = new Layout({
	check: hexadecimal(16, "checksum over header and payload"),
	reserved1: hexadecimal(16, "offset of RFC 1701", "0x0000"),
});
const key = new Layout({ key: uint(32, "key", 0) });
const sequence = new Layout({ seq: uint(32, "sequence number", 0) });

const parts = [
	{ flag: "checksum", layout: checksum },
	{ flag: "key", layout: key },
	{ flag: "sequence", layout: sequence },
];

/** A part is there with its flag or a field of it; `checksum` alone asks for a computed one. */
export const gre: LayerKind = {
	description: "GRE header (RFC 2784, RFC 2890)",
	fields: schemasOf(start, ...parts.map(({ layout }) => layout)),
	build(values, { place, inner, next }) {
		const given = Array.isArray(values.flags) ? values.flags : [];
		const there = parts.filter(
			({ flag, layout }) => given.includes(flag) || Object.keys(layout.fields).some((name) => name in values),
		);
		const computed = { flags: there.map(({ flag }) => flag), proto: etherTypeOf(next) };
		const header = concat(
			start.write(values, place, computed),
			...there.map(({ layout }) => layout.write(values, place)),
		);
		if (there[0]?.layout === checksum && values.check === undefined)
			writeBits(header, start.size * 8, 16, internetChecksum(wordSum(header), wordSum(inner)));
		return header;
	},
	read(bytes) {
		if (bytes.length < start.size) return undefined;
		const fields = start.locate(bytes);
		const set = fields.flags!.value as string[];
		let header = start.size;
		for (const { flag, layout } of parts) {
			if (!set.includes(flag)) continue;
			if (bytes.length < header + layout.size) return undefined;
			Object.assign(fields, layout.locate(bytes, header));
			header += layout.size;
		}
		const plain = fields.version!.value === 0 && !set.includes("routing");
		return { fields, header, next: plain ? layerOfEtherType(fields.proto!.value) : undefined };
	},
};
