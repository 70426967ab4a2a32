// SPDX-License-Identifier: Apache-2.0
import { crc32 } from "node:zlib";

/** The frames of PROTOCOL.md: magic, length, crc, nonce, payload. MessagePack is in payload.ts. */
export const frameHeaderBytes = 20;
export const maxPayloadBytes = 64 * 1024 * 1024;
export const nonceBytes = 8;

const magic = Buffer.from("BPFG", "latin1");

/** The bytes on the channel are not frames of this guest. The channel is unusable from then on. */
export class FrameError extends Error {
	override name = "FrameError";
}

export interface Frame {
	nonce: Buffer;
	payload: Buffer;
}

/** Encodes one frame. Throws RangeError when the payload exceeds `maxPayloadBytes`. */
export function encodeFrame(nonce: Uint8Array, payload: Uint8Array): Buffer {
	if (nonce.length !== nonceBytes) throw new RangeError(`nonce of ${nonce.length} bytes`);
	if (payload.length > maxPayloadBytes) throw new RangeError(`payload of ${payload.length} bytes`);
	const header = Buffer.alloc(frameHeaderBytes);
	magic.copy(header, 0);
	header.writeUInt32LE(payload.length, 4);
	header.writeUInt32LE(crc32(payload, crc32(nonce)), 8);
	header.set(nonce, 12);
	return Buffer.concat([header, payload]);
}

/** Splits bytes into frames; refuses a wrong magic or length at once: no wait for 4 GiB. */
export class FrameDecoder {
	private chunks: Buffer[] = [];
	private held = 0;

	/** The frames that `chunk` completes. Throws FrameError; do not use the decoder after that. */
	*push(chunk: Uint8Array): Generator<Frame> {
		this.chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
		this.held += chunk.length;
		for (;;) {
			const start = this.peek(Math.min(this.held, frameHeaderBytes));
			if (!start.subarray(0, 4).equals(magic.subarray(0, start.length)))
				throw new FrameError(`no frame starts with ${start.subarray(0, 8).toString("hex")}`);
			if (start.length < frameHeaderBytes) return;
			const length = start.readUInt32LE(4);
			if (length > maxPayloadBytes)
				throw new FrameError(`frame of ${length} bytes, expected at most ${maxPayloadBytes}`);
			if (this.held < frameHeaderBytes + length) return;
			const frame = this.take(frameHeaderBytes + length);
			const covered = frame.subarray(12);
			if (crc32(covered) !== frame.readUInt32LE(8)) throw new FrameError("wrong checksum of a frame");
			yield { nonce: covered.subarray(0, nonceBytes), payload: covered.subarray(nonceBytes) };
		}
	}

	/** Bytes of an unfinished frame. */
	get pending(): number {
		return this.held;
	}

	private peek(count: number): Buffer {
		const first = this.chunks[0];
		if (first && first.length >= count) return first.subarray(0, count);
		this.chunks = [Buffer.concat(this.chunks)];
		return this.chunks[0]!.subarray(0, count);
	}

	/** Copies only a frame that came in pieces, once, when its last piece is there. */
	private take(count: number): Buffer {
		const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
		this.held -= count;
		this.chunks = this.held > 0 ? [all.subarray(count)] : [];
		return all.subarray(0, count);
	}
}
