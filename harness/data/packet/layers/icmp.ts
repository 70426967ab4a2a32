// SPDX-License-Identifier: Apache-2.0
import { concat, writeBits } from "../bytes.js";
import { internetChecksum, wordSum } from "../checksum.js";
import { canonical, hexadecimal, ipv4Address, named, octets, uint } from "../field.js";
import { checkValues, type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const types = {
	"echo-reply": 0,
	"destination-unreachable": 3,
	"source-quench": 4,
	redirect: 5,
	"echo-request": 8,
	"time-exceeded": 11,
	"parameter-problem": 12,
	"timestamp-request": 13,
	"timestamp-reply": 14,
};

const start = new Layout({
	type: named(types, uint(8, "message", types["echo-request"])),
	code: uint(8, "code", 0),
	check: hexadecimal(16, "checksum over the whole message"),
});
const query = new Layout({ id: uint(16, "identifier", 0), seq: uint(16, "sequence number", 0) });
const unreachable = new Layout({
	unused: uint(8, "unused", 0),
	length: uint(8, "words of the quoted datagram (RFC 4884)", 0),
	mtu: uint(16, "next-hop MTU (RFC 1191)", 0),
});
const redirect = new Layout({ gateway: ipv4Address("address of the gateway", "192.0.2.254") });
const parameter = new Layout({
	pointer: uint(8, "offset of the fault", 0),
	reserved: hexadecimal(24, "unused", "0x000000"),
});
const other = new Layout({ rest: octets(4, "the second word of the header") });

/** What stands in the second word. */
const bodies: Readonly<Record<string, Layout>> = {
	"echo-reply": query,
	"echo-request": query,
	"timestamp-request": query,
	"timestamp-reply": query,
	"destination-unreachable": unreachable,
	redirect,
	"parameter-problem": parameter,
};
const quoting = new Set([
	"destination-unreachable",
	"source-quench",
	"redirect",
	"time-exceeded",
	"parameter-problem",
]);

function bodyOf(message: unknown): Layout {
	return (typeof message === "string" ? bodies[message] : undefined) ?? other;
}

/** A message about a datagram quotes the start of it: an ipv4 layer follows. */
export const icmp: LayerKind = {
	description: "ICMP (RFC 792); the fields of the second word depend on the type",
	fields: schemasOf(start, other, redirect, parameter, unreachable, query),
	kept: ["type"],
	build(values, { place, inner }) {
		const message = canonical(start.fields.type, values.type ?? start.fields.type.fallback);
		const body = bodyOf(message);
		checkValues(
			`icmp of type ${message}`,
			values,
			[...Object.keys(start.fields), ...Object.keys(body.fields)],
			place,
		);
		const header = concat(start.write(values, place), body.write(values, place));
		if (values.check === undefined)
			writeBits(header, start.bitOf("check"), 16, internetChecksum(wordSum(header), wordSum(inner)));
		return header;
	},
	read(bytes) {
		if (bytes.length < 8) return undefined;
		const fields = start.locate(bytes);
		const message = fields.type!.value;
		Object.assign(fields, bodyOf(message).locate(bytes, start.size));
		return { fields, header: 8, next: quoting.has(String(message)) ? "ipv4" : undefined };
	},
};
