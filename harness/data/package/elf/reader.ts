// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";

/** Strings may share bytes: without a limit a small file could stand for a huge text. */
const maxString = 1024;
const hex = (value: number) => `0x${value.toString(16)}`;

/** Reads numbers and strings from untrusted bytes: every offset is checked before it is used. */
export class Reader {
	readonly #view: DataView;

	/** @param file as messages name it @param place the table or section that `bytes` are */
	constructor(
		readonly file: string,
		readonly place: string,
		readonly bytes: Uint8Array,
		readonly littleEndian: boolean,
	) {
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	get size(): number {
		return this.bytes.length;
	}

	/** A reader of the same file and byte order over other bytes of it. */
	around(bytes: Uint8Array): Reader {
		return new Reader(this.file, "file", bytes, this.littleEndian);
	}

	/** A reader of `size` bytes from `offset`. @throws InputError when they are not there */
	part(place: string, offset: number, size: number): Reader {
		if (offset + size > this.size) {
			const container = this.place === "file" ? "the file" : this.place;
			throw new InputError(
				this.file,
				place,
				`ends at ${hex(offset + size)} but ${container} has ${hex(this.size)} bytes`,
			);
		}
		return new Reader(this.file, place, this.bytes.subarray(offset, offset + size), this.littleEndian);
	}

	u8(offset: number): number {
		this.#need(offset, 1);
		return this.#view.getUint8(offset);
	}

	u16(offset: number): number {
		this.#need(offset, 2);
		return this.#view.getUint16(offset, this.littleEndian);
	}

	u32(offset: number): number {
		this.#need(offset, 4);
		return this.#view.getUint32(offset, this.littleEndian);
	}

	i32(offset: number): number {
		this.#need(offset, 4);
		return this.#view.getInt32(offset, this.littleEndian);
	}

	/** @throws InputError also for what JavaScript cannot hold exactly: no offset is as large */
	u64(offset: number): number {
		this.#need(offset, 8);
		const value = this.#view.getBigUint64(offset, this.littleEndian);
		if (value > Number.MAX_SAFE_INTEGER)
			throw new InputError(this.file, this.place, `holds 0x${value.toString(16)} at ${hex(offset)}`);
		return Number(value);
	}

	/** The NUL-terminated string at `offset`. @throws InputError also above `max` bytes */
	string(offset: number, max = maxString): string {
		this.#need(offset, 1);
		const length = this.bytes.subarray(offset, offset + max + 1).indexOf(0);
		if (length < 0)
			throw new InputError(this.file, this.place, `the string at ${hex(offset)} has no end in ${max} bytes`);
		return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + offset, length).toString("utf8");
	}

	#need(offset: number, size: number): void {
		if (offset + size > this.size)
			throw new InputError(
				this.file,
				this.place,
				`needs ${size} bytes at ${hex(offset)} but has ${hex(this.size)} bytes`,
			);
	}
}
