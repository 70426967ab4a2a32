// SPDX-License-Identifier: Apache-2.0
import { type Cursor, cutOff } from "./cursor.js";

/** A frame as a capture file has it. */
export interface CapturedFrame {
	/** From 1, as Wireshark counts. */
	number: number;
	/** What was captured of it. */
	bytes: Uint8Array;
	/** Bytes that it had on the wire. */
	length: number;
	/** LINKTYPE_ value (www.tcpdump.org/linktypes.html). */
	linkType: number;
	/** Bytes of the frame check sequence at its end. */
	fcs: number;
	/** Nanoseconds since 1970; undefined where the file does not say. */
	time?: bigint;
	comments: string[];
}

/** Longest frame that is read, as in Wireshark (WTAP_MAX_PACKET_SIZE_STANDARD). */
const maxFrame = 262144;
const maxFrames = 1_000_000;

/** The `size` bytes of the frame at `offset`. @throws InputError when they cannot be */
export function frameBytes(cursor: Cursor, offset: number, size: number, number: number): Uint8Array {
	const wrong = wrongFrame(offset, size, cursor.bytes.length, number);
	if (wrong !== undefined) throw cursor.fail(wrong);
	return cursor.bytes.subarray(offset, offset + size);
}

/** What is wrong with a frame of `size` bytes at `offset` of `room`; undefined when nothing is. */
export function wrongFrame(offset: number, size: number, room: number, number: number): string | undefined {
	if (number > maxFrames) return `more than ${maxFrames} frames are not read`;
	if (size > maxFrame) return `claims ${size} bytes; at most ${maxFrame} are read`;
	return offset + size > room ? cutOff(offset + size, room) : undefined;
}
