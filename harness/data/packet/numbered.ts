// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from "node:crypto";
import { build } from "./build.js";
import { concat } from "./bytes.js";
import { contentOf } from "./content.js";
import { dissect, locate } from "./dissect.js";

/**
 * In a packet, followed by its number: 4 bytes each, in network order. Drawn by chance in each
 * process: no program can look for it to tell packets of a test from others.
 */
export const marker = randomBytes(4);

/** Bytes from a packet's start in which its number may be: WINDOW of order-recorder.bpf.c. */
export const numberWindow = 192;
const size = 8;

/** A packet that can be told from others. */
export interface NumberedPacket {
	frame: Uint8Array;
	/** Where the number stands. */
	numberAt: number;
}

/**
 * Gives a packet a number: behind it, or in the payload of a long one, with checksums made right.
 * @returns undefined when a long packet has no payload near enough to its start
 */
export function withNumber(packet: Uint8Array, number: number): NumberedPacket | undefined {
	const tag = Buffer.alloc(size);
	tag.set(marker);
	tag.writeUInt32BE(number, marker.length);
	if (packet.length + size <= numberWindow)
		return { frame: concat(packet, tag), numberAt: packet.length + marker.length };
	const located = locate(packet);
	const index = located.findLastIndex(({ name }) => name === "payload");
	const payload = located[index];
	if (!payload) return undefined;
	const at = Math.min(payload.end, numberWindow) - size;
	if (at < payload.offset) return undefined;
	const content = packet.slice(payload.offset, payload.end);
	content.set(tag, at - payload.offset);
	const layers = dissect(packet).with(index, { payload: contentOf(content) });
	return { frame: build(layers), numberAt: at + marker.length };
}

/** Whether bytes that are no place for a number look like one. */
export function hasMarker(packet: Uint8Array): boolean {
	return Buffer.from(packet.buffer, packet.byteOffset, Math.min(packet.length, numberWindow)).includes(
		marker,
	);
}
