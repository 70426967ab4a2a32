// SPDX-License-Identifier: Apache-2.0
import { writeBits } from "../bytes.js";
import { hexadecimal, uint } from "../field.js";
import { transportChecksum } from "../ip.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

/** Layers that a destination port announces, the computed one first of each (IANA). */
const tunnels: readonly { port: number; layer: string }[] = [
	{ port: 4789, layer: "vxlan" },
	{ port: 6081, layer: "geneve" },
	// Linux' vxlan devices use it unless told otherwise (drivers/net/vxlan).
	{ port: 8472, layer: "vxlan" },
];
/** The discard service. */
const plainPort = 9;

const layout = new Layout({
	sport: uint(16, "source port", 49152),
	dport: uint(16, `destination port: that of VXLAN or Geneve before such a layer, else ${plainPort}`),
	len: uint(16, "bytes of header and payload"),
	check: hexadecimal(16, "checksum, with the pseudo-header; 0 for none"),
});

export const udp: LayerKind = {
	description: "UDP header (RFC 768)",
	fields: schemasOf(layout),
	delimited: true,
	build(values, { place, inner, next, outer }) {
		const header = layout.write(values, place, {
			dport: tunnels.find(({ layer }) => layer === next)?.port ?? plainPort,
			len: Math.min(layout.size + inner.length, 0xffff),
		});
		// A sum of zero is sent as its other representation: zero means that there is none.
		if (values.check === undefined)
			writeBits(header, layout.bitOf("check"), 16, transportChecksum(outer, 17, header, inner) || 0xffff);
		return header;
	},
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		const length = Number(fields.len!.value);
		return {
			fields,
			header: layout.size,
			end: length >= layout.size && length <= bytes.length ? length : bytes.length,
			next: tunnels.find(({ port }) => port === fields.dport!.value)?.layer,
		};
	},
};
