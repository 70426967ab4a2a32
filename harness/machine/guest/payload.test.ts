// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { FrameError } from "./frame.js";
import { decodePayload, encodePayload } from "./payload.js";

describe("payloads", () => {
	it("are decoded to what was encoded, bytes as bytes", () => {
		const value = {
			id: 7,
			op: "object_open",
			args: {
				data: Uint8Array.of(0, 255),
				list: [1, -1, -200, 70000, 2 ** 40, 1.5, null, true, "ä".repeat(300)],
			},
			long: new Uint8Array(70000),
			wide: Array.from({ length: 70000 }, (_, index) => index),
		};
		expect(decodePayload(encodePayload(value))).toEqual(value);
	});

	it("leave out undefined members", () => {
		expect(decodePayload(encodePayload({ a: undefined, b: 1 }))).toEqual({ b: 1 });
	});

	it.each([
		["nothing", ""],
		["an array of 4 billion elements", "ddffffffff"],
		["a map of 4 billion pairs", "dfffffffff00"],
		["a string longer than the payload", "dbffffffff41"],
		["a header cut short", "dd00"],
		["a string cut short", "a541"],
		["a value cut short", "cf0000"],
		["two values", "c0c0"],
		["an extension", "c70001"],
		["the unused type", "c1"],
		["a key that is an array", "819000"],
		["the key __proto__", `81a9${Buffer.from("__proto__").toString("hex")}80`],
	])("refuse %s", (_, hex) => {
		expect(() => decodePayload(Buffer.from(hex, "hex"))).toThrow(FrameError);
	});

	it("refuse deeply nested arrays", () => {
		expect(() => decodePayload(Buffer.alloc(1 << 20, 0x91))).toThrow(/nested/);
	});

	it("refuse headers that together claim more bytes than there are", () => {
		const nested = Buffer.concat([Buffer.from("dd00000fff", "hex"), Buffer.alloc(0x1000, 0x9f)]);
		expect(() => decodePayload(nested)).toThrow(FrameError);
	});

	it("refuse too many values", () => {
		const payload = Buffer.alloc(5 + (1 << 22), 0xc0);
		payload[0] = 0xdd;
		payload.writeUInt32BE(1 << 22, 1);
		expect(() => decodePayload(payload)).toThrow(/values/);
	});
});
