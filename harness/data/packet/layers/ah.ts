// SPDX-License-Identifier: Apache-2.0
import { concat } from "../bytes.js";
import { hexadecimal, uint } from "../field.js";
import { insideIpv6, layerAfter, protocolField, protocolOf } from "../ip.js";
import { content } from "../items.js";
import { decoded, type LayerKind, optional, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const layout = new Layout({
	nexthdr: protocolField(),
	hdrlen: uint(8, "length of the header in words of 4 bytes, minus 2"),
	reserved: uint(16, "reserved", 0),
	spi: hexadecimal(32, "security parameters index", "0x00000100"),
	seq: uint(32, "sequence number", 1),
});

const defaultIcv = "00".repeat(12);

export const ah: LayerKind = {
	description: "IP authentication header (RFC 4302)",
	fields: { ...schemasOf(layout), icv: { ...content.schema, default: defaultIcv } },
	build(values, { place, next, outer }) {
		const icv = optional(content, { icv: values.icv ?? defaultIcv }, "icv", place);
		const computed = {
			nexthdr: protocolOf(next, insideIpv6(outer)),
			hdrlen: Math.min(Math.floor((layout.size + icv.length) / 4) - 2, 255),
		};
		return concat(layout.write(values, place, computed), icv);
	},
	read(bytes, outer) {
		const header = (Number(bytes[1] ?? 0) + 2) * 4;
		if (header < layout.size || bytes.length < header) return undefined;
		const fields = layout.locate(bytes);
		fields.icv = decoded(content, bytes, layout.size, header);
		return { fields, header, next: layerAfter(fields.nexthdr!.value, insideIpv6(outer)) };
	},
};
