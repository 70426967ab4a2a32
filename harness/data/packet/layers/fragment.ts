// SPDX-License-Identifier: Apache-2.0
import { flags, hexadecimal, uint } from "../field.js";
import { layerAfter, protocolField, protocolOf } from "../ip.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const layout = new Layout({
	nexthdr: protocolField(),
	reserved: uint(8, "reserved", 0),
	frag_off: uint(13, "fragment offset in units of 8 bytes", 0),
	reserved2: uint(2, "reserved", 0),
	flags: flags(["mf"], "more fragments", []),
	id: hexadecimal(32, "identification", "0x00000000"),
});

export const fragment: LayerKind = {
	description: "IPv6 fragment header (RFC 8200 4.5)",
	fields: schemasOf(layout),
	build: (values, { place, next }) => layout.write(values, place, { nexthdr: protocolOf(next, true) }),
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		const first = fields.frag_off!.value === 0;
		return { fields, header: layout.size, next: first ? layerAfter(fields.nexthdr!.value, true) : undefined };
	},
};
