// SPDX-License-Identifier: Apache-2.0
import { decode, encode } from "@msgpack/msgpack";
import { FrameError, maxPayloadBytes } from "./frame.js";

const maxDepth = 32;
const maxValues = 1 << 22;

/** Encodes one request as MessagePack, without its undefined members. */
export function encodePayload(value: unknown): Uint8Array {
	return encode(value, { ignoreUndefined: true, maxDepth });
}

/**
 * Decodes a hostile guest's payload. Decoders allocate what headers claim, so it is measured first:
 * at most `maxDepth` levels and `maxValues` values. Throws FrameError.
 */
export function decodePayload(payload: Uint8Array): unknown {
	measure(payload);
	try {
		// A plain view: decoding a Buffer would turn every byte string into a Buffer.
		const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
		return decode(bytes, { maxStrLength: maxPayloadBytes, maxBinLength: maxPayloadBytes, maxExtLength: 0 });
	} catch (cause) {
		throw new FrameError("payload is not MessagePack", { cause });
	}
}

/** Walks the headers (https://github.com/msgpack/msgpack/blob/master/spec.md) without decoding. */
function measure(payload: Uint8Array): void {
	const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
	const open: number[] = [];
	let at = 0;
	let values = 0;
	let left = 1;
	for (;;) {
		while (left === 0) {
			const outer = open.pop();
			if (outer === undefined) {
				if (at !== payload.length)
					throw new FrameError(`${payload.length - at} bytes after the payload's value`);
				return;
			}
			left = outer;
		}
		left--;
		if (++values > maxValues) throw new FrameError(`payload of more than ${maxValues} values`);
		if (at >= payload.length) throw new FrameError("payload ends early");
		const [skip, inside] = header(view, at);
		at += skip;
		if (at > payload.length || inside > payload.length - at) throw new FrameError("payload ends early");
		if (inside === 0) continue;
		if (open.length >= maxDepth) throw new FrameError(`payload is nested deeper than ${maxDepth}`);
		open.push(left);
		left = inside;
	}
}

/** Size of the value at `at` without nested values, and the number of nested values. */
function header(view: DataView, at: number): [skip: number, inside: number] {
	const type = view.getUint8(at);
	const number = (bytes: 1 | 2 | 4) => {
		if (at + 1 + bytes > view.byteLength) throw new FrameError("payload ends early");
		if (bytes === 1) return view.getUint8(at + 1);
		return bytes === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
	};
	if (type <= 0x7f || type >= 0xe0) return [1, 0];
	if (type <= 0x8f) return [1, (type & 0x0f) * 2];
	if (type <= 0x9f) return [1, type & 0x0f];
	if (type <= 0xbf) return [1 + (type & 0x1f), 0];
	switch (type) {
		case 0xc0: // nil
		case 0xc2: // false
		case 0xc3: // true
			return [1, 0];
		case 0xc4: // bin 8
		case 0xd9: // str 8
			return [2 + number(1), 0];
		case 0xc5:
		case 0xda:
			return [3 + number(2), 0];
		case 0xc6:
		case 0xdb:
			return [5 + number(4), 0];
		case 0xcc: // uint 8
		case 0xd0:
			return [2, 0];
		case 0xcd:
		case 0xd1:
			return [3, 0];
		case 0xca: // float 32
		case 0xce:
		case 0xd2:
			return [5, 0];
		case 0xcb: // float 64
		case 0xcf:
		case 0xd3:
			return [9, 0];
		case 0xdc: // array 16
			return [3, number(2)];
		case 0xdd:
			return [5, number(4)];
		case 0xde: // map 16
			return [3, number(2) * 2];
		case 0xdf:
			return [5, number(4) * 2];
		default: // extensions and 0xc1 are not part of the protocol
			throw new FrameError(`payload has a value of type 0x${type.toString(16)}`);
	}
}
