// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { encodeFrame, FrameDecoder, FrameError, frameHeaderBytes, maxPayloadBytes } from "./frame.js";

const nonce = Buffer.from("0011223344556677", "hex");

function decode(...chunks: Uint8Array[]): string[] {
	const decoder = new FrameDecoder();
	return chunks.flatMap((chunk) => [...decoder.push(chunk)].map((frame) => frame.payload.toString()));
}

describe("frames", () => {
	it("have the layout of PROTOCOL.md", () => {
		const frame = encodeFrame(nonce, Buffer.from("123456789"));
		expect(frame.subarray(0, 4).toString()).toBe("BPFG");
		expect(frame.readUInt32LE(4)).toBe(9);
		expect(frame.subarray(12, 20)).toEqual(nonce);
		expect(frame.length).toBe(frameHeaderBytes + 9);
		// The well-known CRC-32 check value of "123456789" is cbf43926; here the nonce precedes it.
		expect(frame.readUInt32LE(8)).not.toBe(0xcbf43926);
	});

	it("are decoded from chunks of any size", () => {
		const stream = Buffer.concat(
			["a", "", "b".repeat(1000)].map((text) => encodeFrame(nonce, Buffer.from(text))),
		);
		const wanted = ["a", "", "b".repeat(1000)];
		expect(decode(stream)).toEqual(wanted);
		expect(decode(...[...stream].map((byte) => Uint8Array.of(byte)))).toEqual(wanted);
		for (let cut = 0; cut <= stream.length; cut += 7)
			expect(decode(stream.subarray(0, cut), stream.subarray(cut))).toEqual(wanted);
	});

	it("refuse every flipped byte of checksum, nonce and payload", () => {
		const frame = encodeFrame(nonce, Buffer.from("payload"));
		for (let at = 8; at < frame.length; at++) {
			const damaged = Buffer.from(frame);
			damaged[at]! ^= 0x40;
			expect(() => decode(damaged), `byte ${at}`).toThrow(FrameError);
		}
	});

	it("refuse rubbish at its first byte", () => {
		expect(() => decode(Buffer.from("x"))).toThrow(FrameError);
		expect(() => decode(Buffer.from("BPFx"))).toThrow(FrameError);
		expect(() => decode(encodeFrame(nonce, Buffer.alloc(3)), Buffer.from("\n"))).toThrow(FrameError);
	});

	it("refuse a length beyond the bound without waiting for the bytes", () => {
		const frame = encodeFrame(nonce, Buffer.alloc(0));
		frame.writeUInt32LE(maxPayloadBytes + 1, 4);
		expect(() => decode(frame)).toThrow(/at most/);
		expect(() => encodeFrame(nonce, Buffer.alloc(maxPayloadBytes + 1))).toThrow(RangeError);
	});

	it("report the buffered size of an unfinished frame", () => {
		const decoder = new FrameDecoder();
		expect([...decoder.push(encodeFrame(nonce, Buffer.alloc(10)).subarray(0, 25))]).toEqual([]);
		expect(decoder.pending).toBe(25);
	});
});
