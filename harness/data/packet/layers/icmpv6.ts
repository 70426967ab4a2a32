// SPDX-License-Identifier: Apache-2.0
import { concat, writeBits } from "../bytes.js";
import { canonical, flags, hexadecimal, ipv6Address, mac, named, octets, uint } from "../field.js";
import { transportChecksum } from "../ip.js";
import { type Framing, general, items, one, record, typed, zeroPad } from "../items.js";
import { checkValues, decoded, type LayerKind, optional, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const types = {
	"destination-unreachable": 1,
	"packet-too-big": 2,
	"time-exceeded": 3,
	"parameter-problem": 4,
	"echo-request": 128,
	"echo-reply": 129,
	"router-solicitation": 133,
	"router-advertisement": 134,
	"neighbour-solicitation": 135,
	"neighbour-advertisement": 136,
	redirect: 137,
};

const start = new Layout({
	type: named(types, uint(8, "message", types["echo-request"])),
	code: uint(8, "code", 0),
	check: hexadecimal(16, "checksum over the whole message, with the pseudo-header"),
});
const echo = new Layout({ id: uint(16, "identifier", 0), seq: uint(16, "sequence number", 0) });
const tooBig = new Layout({ mtu: uint(32, "MTU of the next hop", 1280) });
const parameter = new Layout({ pointer: uint(32, "offset of the fault", 0) });
const other = new Layout({ rest: octets(4, "the second word of the header") });
const target = { target: ipv6Address("target address", "2001:db8::2") };
const solicitation = new Layout({ reserved: hexadecimal(32, "reserved", "0x00000000"), ...target });
const advertisement = new Layout({
	flags: flags(["override", "solicited", "router"], "R, S and O", []),
	reserved: hexadecimal(29, "reserved", "0x00000000"),
	...target,
});
const routerSolicitation = new Layout({ reserved: hexadecimal(32, "reserved", "0x00000000") });
const routerAdvertisement = new Layout({
	hop_limit: uint(8, "hop limit for hosts", 64),
	ra_flags: hexadecimal(8, "M, O, H, preference", "0x00"),
	lifetime: uint(16, "seconds as a default router", 1800),
	reachable: uint(32, "milliseconds that a neighbour is taken to be reachable", 0),
	retrans: uint(32, "milliseconds between solicitations", 0),
});

interface Body {
	layout: Layout;
	/** Options of neighbour discovery follow. */
	options?: boolean;
	/** The packet that the message is about follows. */
	quotes?: boolean;
}
const bodies: Readonly<Record<string, Body>> = {
	"destination-unreachable": { layout: other, quotes: true },
	"packet-too-big": { layout: tooBig, quotes: true },
	"time-exceeded": { layout: other, quotes: true },
	"parameter-problem": { layout: parameter, quotes: true },
	"echo-request": { layout: echo },
	"echo-reply": { layout: echo },
	"router-solicitation": { layout: routerSolicitation, options: true },
	"router-advertisement": { layout: routerAdvertisement, options: true },
	"neighbour-solicitation": { layout: solicitation, options: true },
	"neighbour-advertisement": { layout: advertisement, options: true },
};

const framing: Framing = {
	header: 2,
	frame(type, value) {
		const size = Math.ceil((2 + value.length) / 8);
		const padding = new Uint8Array(size * 8 - 2 - value.length);
		return concat(Uint8Array.of(type, size), value, padding);
	},
	unframe: (bytes) => ({ type: bytes[0]!, size: bytes[1]! * 8 }),
};

const prefix = new Layout({
	length: uint(8, "bits of the prefix", 64),
	flags: hexadecimal(8, "L, A", "0xc0"),
	valid: uint(32, "seconds", 2592000),
	preferred: uint(32, "seconds", 604800),
	reserved: hexadecimal(32, "reserved", "0x00000000"),
	prefix: ipv6Address("prefix", "2001:db8::"),
});

const options = items(
	{
		source_link_layer: typed(framing, 1, one(mac("address"))),
		target_link_layer: typed(framing, 2, one(mac("address"))),
		prefix: typed(framing, 3, record(prefix)),
		mtu: typed(
			framing,
			5,
			record(new Layout({ reserved: uint(16, "reserved", 0), mtu: uint(32, "MTU", 1500) })),
		),
		option: general(
			new Layout({
				type: uint(8, "option type", 0),
				length: uint(8, "units of 8 bytes of the whole option"),
			}),
			({ length }) => Number(length) * 8,
			(size) => Math.min(Math.ceil(size / 8), 255),
		),
	},
	"options of neighbour discovery (RFC 4861 4.6)",
	zeroPad(8),
);

function bodyOf(message: unknown): Body {
	return (typeof message === "string" ? bodies[message] : undefined) ?? { layout: other };
}

/** A message about a packet quotes the start of it: an ipv6 layer follows. */
export const icmpv6: LayerKind = {
	description: "ICMPv6 (RFC 4443) and neighbour discovery (RFC 4861); the fields depend on the type",
	fields: {
		...schemasOf(start, other, parameter, tooBig, echo, routerAdvertisement, advertisement, solicitation),
		options: options.schema,
	},
	kept: ["type"],
	build(values, { place, inner, outer }) {
		const message = canonical(start.fields.type, values.type ?? start.fields.type.fallback);
		const body = bodyOf(message);
		const known = [
			...Object.keys(start.fields),
			...Object.keys(body.layout.fields),
			...(body.options ? ["options"] : []),
		];
		checkValues(`icmpv6 of type ${message}`, values, known, place);
		const list = optional(options, values, "options", place);
		const header = concat(start.write(values, place), body.layout.write(values, place), list);
		if (values.check === undefined)
			writeBits(header, start.bitOf("check"), 16, transportChecksum(outer, 58, header, inner));
		return header;
	},
	read(bytes) {
		if (bytes.length < 8) return undefined;
		const fields = start.locate(bytes);
		const message = fields.type!.value;
		const { layout, options: hasOptions, quotes } = bodyOf(message);
		const fixed = start.size + layout.size;
		if (bytes.length < fixed) return undefined;
		Object.assign(fields, layout.locate(bytes, start.size));
		if (!hasOptions) return { fields, header: fixed, next: quotes ? "ipv6" : undefined };
		if (bytes.length > fixed) fields.options = decoded(options, bytes, fixed);
		return { fields, header: bytes.length };
	},
};
