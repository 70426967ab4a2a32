// SPDX-License-Identifier: Apache-2.0

/** Offset of the number in `numberedFrame`. */
export const numberAt = 18;

/** A broadcast Ethernet frame of an unused protocol (IEEE 802 local experiments), with a marker. */
export function numberedFrame(marker: Uint8Array): Uint8Array {
	const frame = Buffer.alloc(60);
	frame.fill(0xff, 0, 6);
	frame.set([0x02, 0, 0, 0, 0, 0x01], 6);
	frame.writeUInt16BE(0x88b5, 12);
	frame.set(marker, 14);
	return frame;
}
