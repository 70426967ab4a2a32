// SPDX-License-Identifier: Apache-2.0
import { within } from "../../../base/errors.js";
import { concat } from "../bytes.js";
import { uint } from "../field.js";
import { layerAfter, protocolField, protocolOf } from "../ip.js";
import { bare, type Framing, general, items, one, typed } from "../items.js";
import { decoded, type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const layout = new Layout({
	nexthdr: protocolField(),
	hdrlen: uint(8, "bytes of the header in units of 8, without the first 8"),
});

const framing: Framing = {
	header: 2,
	frame: (type, value) => concat(Uint8Array.of(type, value.length), value),
	unframe: (bytes) => ({ type: bytes[0]!, size: 2 + bytes[1]! }),
};

/** Pad1 or PadN up to units of 8 bytes, behind the 2 bytes that the header begins with. */
function padding(size: number): Uint8Array {
	const gap = (8 - ((size + layout.size) % 8)) % 8;
	if (gap < 2) return new Uint8Array(gap);
	return concat(Uint8Array.of(1, gap - 2), new Uint8Array(gap - 2));
}

const options = items(
	{
		pad1: bare(0),
		router_alert: typed(framing, 5, one(uint(16, "value (RFC 2711)"))),
		tunnel_limit: typed(framing, 4, one(uint(8, "tunnel encapsulation limit (RFC 2473)"))),
		jumbo: typed(framing, 194, one(uint(32, "jumbo payload length (RFC 2675)"))),
		option: general(
			new Layout({ type: uint(8, "option type", 0), length: uint(8, "bytes of the value") }),
			({ length }) => Number(length) + 2,
			(size) => Math.min(size - 2, 255),
		),
	},
	"options (RFC 8200 4.2), padded with PadN to units of 8 bytes",
	padding,
);

function optionsHeader(description: string): LayerKind {
	return {
		description,
		fields: { ...schemasOf(layout), options: options.schema },
		build(values, { place, next }) {
			const list = options.encode(values.options ?? [], within(place, "options"));
			const size = layout.size + list.length;
			const computed = { nexthdr: protocolOf(next, true), hdrlen: Math.min(Math.floor(size / 8) - 1, 255) };
			return concat(layout.write(values, place, computed), list);
		},
		read(bytes) {
			const header = (Number(bytes[1] ?? 0) + 1) * 8;
			if (bytes.length < header) return undefined;
			const fields = layout.locate(bytes);
			fields.options = decoded(options, bytes, layout.size, header);
			return { fields, header, next: layerAfter(fields.nexthdr!.value, true) };
		},
	};
}

export const hopopts = optionsHeader("IPv6 hop-by-hop options (RFC 8200 4.3)");
export const dstopts = optionsHeader("IPv6 destination options (RFC 8200 4.6)");
