// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { referenceOf, socketOf } from "./reference.js";

const place = { file: "v.yaml", pointer: "/maps_before/m/0" };

describe("values that name something", () => {
	it("are sockets in maps of sockets", () => {
		expect(socketOf("tcp 192.0.2.1:443", place)).toEqual({
			protocol: "tcp",
			address: Uint8Array.of(192, 0, 2, 1),
			port: 443,
			text: "tcp 192.0.2.1:443",
		});
		expect(socketOf("udp [2001:0db8:0::1]:53", place)).toMatchObject({
			protocol: "udp",
			port: 53,
			text: "udp [2001:db8::1]:53",
		});
		expect(referenceOf("sockmap", [], "udp 0.0.0.0:53", place)).toMatchObject({ kind: "socket" });
	});

	it.each([
		"tcp 192.0.2.1",
		"tcp 192.0.2.1:0",
		"tcp 192.0.2.1:65536",
		"sctp 192.0.2.1:80",
		"tcp 2001:db8::1:80",
		"tcp [192.0.2.1]:80",
		"192.0.2.1:80",
		7,
		null,
		{ tcp: "192.0.2.1:80" },
	])("are not sockets when they are %j", (value) => {
		expect(() => referenceOf("sockhash", [], value, place)).toThrow(
			`v.yaml: /maps_before/m/0: ${JSON.stringify(value)} is not a socket; expected "tcp 192.0.2.1:443"`,
		);
	});

	it("are programs of the object in program arrays", () => {
		expect(referenceOf("prog_array", ["a", "b"], { program: "b" }, place)).toEqual({
			kind: "program",
			program: "b",
		});
		expect(() => referenceOf("prog_array", ["a", "b"], { program: "c" }, place)).toThrow(
			'v.yaml: /maps_before/m/0/program: there is no program "c"; there are a, b',
		);
		for (const value of ["a", 7, null, {}, { program: "a", more: 1 }, { program: 7 }])
			expect(() => referenceOf("prog_array", ["a"], value, place)).toThrow("must be a program of the object");
	});

	it("do not exist in other maps", () => {
		expect(referenceOf("hash", ["a"], { program: "a" }, place)).toBeUndefined();
	});
});
