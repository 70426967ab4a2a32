// SPDX-License-Identifier: Apache-2.0
import { hexadecimal, ipv6Address, uint } from "../field.js";
import { defaultAddresses, layerAfter, protocolField, protocolOf } from "../ip.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const layout = new Layout({
	version: uint(4, "version", 6),
	tclass: uint(8, "traffic class", 0),
	flow_lbl: hexadecimal(20, "flow label", "0x00000"),
	payload_len: uint(16, "bytes behind this header"),
	nexthdr: protocolField(),
	hop_limit: uint(8, "hop limit", 64),
	src: ipv6Address("source", defaultAddresses.ipv6.src),
	dst: ipv6Address("destination", defaultAddresses.ipv6.dst),
});

export const ipv6: LayerKind = {
	description: "IPv6 header (RFC 8200); extension headers are layers that follow it",
	fields: schemasOf(layout),
	delimited: true,
	build: (values, { place, inner, next }) =>
		layout.write(values, place, {
			payload_len: Math.min(inner.length, 0xffff),
			nexthdr: protocolOf(next, true),
		}),
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		const end = layout.size + Number(fields.payload_len!.value);
		return {
			fields,
			header: layout.size,
			// Zero stands for a jumbogram (RFC 2675) or a length that segmentation offload left
			// there.
			end: end > layout.size && end <= bytes.length ? end : bytes.length,
			next: layerAfter(fields.nexthdr!.value, true),
		};
	},
};
