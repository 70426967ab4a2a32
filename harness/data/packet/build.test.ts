// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { validator } from "../../base/validate.js";
import { build } from "./build.js";
import { type Layers, LayersSchema } from "./layers.js";

/** As a file has it, whatever that is. */
const packet = (text: string): Layers => JSON.parse(text);

it("has a default for everything", () => {
	expect(build([{ eth: {} }, { ipv4: {} }, { tcp: {} }])).toHaveLength(54);
	expect(build([])).toHaveLength(0);
});

describe("refuses, with the JSON pointer,", () => {
	it.each([
		["a number too large", '[{"eth":{}},{"ipv4":{"ttl":300}}]', "/1/ipv4/ttl: 300 does not fit into 8 bits"],
		["one below zero", '[{"tcp":{"seq":-1}}]', "/0/tcp/seq: -1 does not fit into 32 bits"],
		["a fraction", '[{"ipv4":{"id":1.5}}]', "/0/ipv4/id: 1.5 is not a number from 0 to 65535"],
		["text for a number", '[{"udp":{"len":"long"}}]', '/0/udp/len: "long" is not a number from 0 to 65535'],
		[
			"a name that is not known",
			'[{"eth":{"proto":"ipx"}}]',
			'/0/eth/proto: "ipx" is unknown; expected ipv4, arp,',
		],
		["an address", '[{"ipv4":{"src":"10.0.0"}}]', '/0/ipv4/src: "10.0.0" is not an IPv4 address'],
		[
			"an address of the other kind",
			'[{"ipv6":{"dst":"10.0.0.1"}}]',
			'/0/ipv6/dst: "10.0.0.1" is not an IPv6 address',
		],
		["a MAC address", '[{"eth":{"dst":7}}]', "/0/eth/dst: 7 is not a MAC address (02:00:00:00:00:01)"],
		[
			"a flag",
			'[{"tcp":{"flags":["SYN"]}}]',
			'/0/tcp/flags: "SYN" is not a flag; expected one of fin, syn, rst,',
		],
		[
			"flags as text",
			'[{"tcp":{"flags":"S"}}]',
			'/0/tcp/flags: "S" is not a list of flags; expected some of fin, syn,',
		],
		[
			"bytes of another length",
			'[{"icmp":{"type":11,"rest":"00"}}]',
			"/0/icmp/rest: has 1 bytes, expected 4",
		],
		[
			"a field",
			'[{"udp":{"port":1}}]',
			'/0/udp: udp has no field "port"; it has sport, dport, len, check, trailer',
		],
		["a layer", '[{"ip":{}}]', '/0: there is no layer "ip"; eth, vlan,'],
		["a layer of the prototype", '[{"toString":{}}]', '/0: there is no layer "toString"'],
		[
			"two layers in one",
			'[{"eth":{},"ipv4":{}}]',
			'/0: {"eth":{},"ipv4":{}} is not an object with one key, the kind of',
		],
		["null", "[null]", "/0: null is not an object with one key"],
		["a layer that is a list", '[{"eth":[]}]', "/0/eth: [] is not an object of eth's fields"],
		["no list", '{"eth":{}}', ': {"eth":{}} is not a list of layers'],
		[
			"an option",
			'[{"tcp":{"options":[{"mss":70000}]}}]',
			"/0/tcp/options/0/mss: 70000 does not fit into 16 bits",
		],
		[
			"a deep field",
			'[{"tcp":{"options":["nop",{"sack":[{"left":"x"}]}]}}]',
			"/0/tcp/options/1/sack/0/left: ",
		],
		[
			"an unknown option",
			'[{"tcp":{"options":["syn"]}}]',
			'/0/tcp/options/0: there is no "syn"; eol, nop, mss,',
		],
		["an option without its value", '[{"tcp":{"options":["mss"]}}]', "/0/tcp/options/0: mss needs a value"],
		[
			"a value too many",
			'[{"tcp":{"options":[{"nop":1}]}}]',
			'/0/tcp/options/0: nop has no value: write "nop"',
		],
		["options as an object", '[{"tcp":{"options":{"mss":1}}}]', '/0/tcp/options: {"mss":1} is not a list'],
		[
			"a field of a chunk",
			'[{"sctp":{"chunks":[{"data":{"x":1}}]}}]',
			'/0/sctp/chunks/0/data: has "x"; flags, length,',
		],
		["a payload", '[{"payload":"0"}]', '/0/payload: "0" is not pairs of hexadecimal digits'],
		["a trailer", '[{"ipv4":{"trailer":"xyz"}}]', '/0/ipv4/trailer: "xyz" is not pairs'],
	])("%s", (_, text, message) => {
		const place = { file: "v.json", pointer: "/vectors/0/packet" };
		const attempt = () => build(packet(text), place);
		expect(attempt).toThrow(`v.json: /vectors/0/packet${message}`);
		expect(attempt).toThrow(expect.objectContaining({ name: "InputError" }));
	});

	it("more layers than there can be, and more bytes", () => {
		expect(() => build(Array.from({ length: 34 }, () => ({ vlan: {} })))).toThrow(
			"/layers: has 34 layers; at most 33",
		);
		const half = { payload: { length: 100_000 } };
		expect(() => build([half, half])).toThrow(
			"packet: /layers/0/payload: makes a packet of more than 131072 bytes",
		);
	});
});

it("has a schema that says the same of plain mistakes", () => {
	const { violation } = validator(LayersSchema);
	expect(violation([{ eth: {} }, { ipv4: { ttl: 64, check: "0xbeef" } }])).toBeUndefined();
	expect(violation([{ ipv4: { ttl: 300 } }])?.pointer).toBe("/0/ipv4/ttl");
	expect(violation([{ ipv4: { tll: 3 } }])).toEqual({ pointer: "/0/ipv4", reason: 'unknown key "tll"' });
	expect(violation([{ ip: {} }])).toEqual({ pointer: "/0", reason: 'unknown key "ip"' });
	expect(violation([{}])?.pointer).toBe("/0");
});
