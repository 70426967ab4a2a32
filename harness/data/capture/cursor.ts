// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";

/** Reads numbers of one byte order from untrusted bytes: each offset is checked before. */
export class Cursor {
	readonly #view: DataView;

	/** @param file as messages name it @param place what `bytes` are: `frame 12` */
	constructor(
		readonly file: string,
		readonly place: string,
		readonly bytes: Uint8Array,
		readonly littleEndian: boolean,
	) {
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	u16(offset: number): number {
		this.#need(offset, 2);
		return this.#view.getUint16(offset, this.littleEndian);
	}

	u32(offset: number): number {
		this.#need(offset, 4);
		return this.#view.getUint32(offset, this.littleEndian);
	}

	/** `size` bytes from `offset`. */
	part(offset: number, size: number): Uint8Array {
		this.#need(offset, size);
		return this.bytes.subarray(offset, offset + size);
	}

	fail(reason: string): InputError {
		return new InputError(this.file, this.place, reason);
	}

	#need(offset: number, size: number): void {
		if (offset + size > this.bytes.length) throw this.fail(cutOff(offset + size, this.bytes.length));
	}
}

export const cutOff = (needed: number, there: number) =>
	`is cut off: needs ${needed} bytes, ${there} are there`;
