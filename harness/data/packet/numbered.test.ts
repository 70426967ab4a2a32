// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { build } from "./build.js";
import { locate } from "./dissect.js";
import type { Layers } from "./layers.js";
import { hasMarker, marker, numberWindow, withNumber } from "./numbered.js";
import { wrongChecksums } from "./verify.js";

const tag = [...marker, 0, 0, 1, 2];
const numbered = (packet: Uint8Array) => withNumber(packet, 258);

describe("a short packet", () => {
	it.each<[string, Layers]>([
		["with payload", [{ eth: {} }, { ipv4: {} }, { udp: {} }, { payload: { text: "hello" } }]],
		["without", [{ eth: {} }, { ipv6: {} }, { tcp: { flags: ["syn"] } }]],
		["of nothing known", [{ payload: "00" }]],
	])("%s stays as it is, its number behind it", (_, layers) => {
		const packet = build(layers);
		const { frame, numberAt } = numbered(packet)!;
		expect([...frame]).toEqual([...packet, ...tag]);
		expect(numberAt).toBe(packet.length + 4);
		expect(hasMarker(packet)).toBe(false);
		expect(hasMarker(frame)).toBe(true);
	});

	it("of just the right length too", () => {
		const packet = build([{ eth: {} }, { payload: { length: numberWindow - 8 - 14, byte: 1 } }]);
		expect(numbered(packet)?.frame).toHaveLength(numberWindow);
	});
});

describe("a long packet", () => {
	const long: Layers = [{ eth: {} }, { ipv4: {} }, { udp: {} }, { payload: { length: 1000, byte: 7 } }];

	it("keeps its length, and its checksums are right", () => {
		const packet = build(long);
		const { frame, numberAt } = numbered(packet)!;
		expect(frame).toHaveLength(packet.length);
		expect(numberAt).toBe(numberWindow - 4);
		expect([...frame.subarray(numberWindow - 8, numberWindow)]).toEqual(tag);
		expect(wrongChecksums(locate(frame), frame).size).toBe(0);
		const others = frame.map((byte, at) => (byte === packet[at] ? 0 : 1)).reduce((a, b) => a + b, 0);
		expect(others, "8 bytes of payload, 2 of the checksum").toBe(10);
	});

	it("keeps a checksum that was wrong", () => {
		const packet = build([{ eth: {} }, { ipv4: {} }, { udp: { check: "0x1234" } }, ...long.slice(3)]);
		const { frame } = numbered(packet)!;
		expect([...frame.subarray(40, 42)]).toEqual([0x12, 0x34]);
	});

	it("has its number at the end of a payload that padding follows", () => {
		const payload = { payload: { length: 60, byte: 7 } };
		const packet = build([{ eth: {} }, { ipv4: { trailer: { length: 200 } } }, { udp: {} }, payload]);
		expect(numbered(packet)?.numberAt).toBe(14 + 20 + 8 + 60 - 4);
	});

	it("without payload near enough to its start has no place for one", () => {
		const tunnels = Array.from({ length: 8 }, () => ({ ipv4: {} }));
		const packet = build([{ eth: {} }, ...tunnels, { tcp: {} }, { payload: { length: 100 } }]);
		expect(numbered(packet)).toBeUndefined();
	});
});
