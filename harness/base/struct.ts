// SPDX-License-Identifier: Apache-2.0

const bigEndian: ReadonlySet<string> = new Set(["s390x"]);

/** Byte order of an architecture's kernel and BPF programs; `arch` as in `uname -m`. */
export function isLittleEndian(arch: string): boolean {
	return !bigEndian.has(arch);
}

type Write = (view: DataView, littleEndian: boolean) => void;

/** A struct of the kernel under construction, by offset; its byte order is chosen by `bytes`. */
export class StructBytes {
	readonly #writes: Write[] = [];

	/** @param size bytes; what is not written is zero */
	constructor(readonly size: number) {}

	u8(offset: number, value: number): this {
		return this.#write((view) => view.setUint8(offset, value));
	}

	u16(offset: number, value: number): this {
		return this.#write((view, little) => view.setUint16(offset, value, little));
	}

	u32(offset: number, value: number): this {
		return this.#write((view, little) => view.setUint32(offset, value, little));
	}

	s32(offset: number, value: number): this {
		return this.#write((view, little) => view.setInt32(offset, value, little));
	}

	u64(offset: number, value: bigint): this {
		return this.#write((view, little) => view.setBigUint64(offset, value, little));
	}

	/** Sets these bits of a u32 and leaves the others as they are. */
	flags(offset: number, bits: number): this {
		return this.#write((view, little) =>
			view.setUint32(offset, view.getUint32(offset, little) | bits, little),
		);
	}

	/** ASCII without a NUL. */
	text(offset: number, value: string): this {
		return this.#write((view) => {
			for (let index = 0; index < value.length; index++)
				view.setUint8(offset + index, value.charCodeAt(index));
		});
	}

	bytes(littleEndian: boolean): Uint8Array {
		const bytes = new Uint8Array(this.size);
		const view = new DataView(bytes.buffer);
		for (const write of this.#writes) write(view, littleEndian);
		return bytes;
	}

	#write(write: Write): this {
		this.#writes.push(write);
		return this;
	}
}

/** A struct that the kernel filled in, read by offset. Reads past the end throw RangeError. */
export class StructView {
	readonly #view: DataView;

	constructor(
		readonly bytes: Uint8Array,
		private readonly littleEndian: boolean,
	) {
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	u8(offset: number): number {
		return this.#view.getUint8(offset);
	}

	u32(offset: number): number {
		return this.#view.getUint32(offset, this.littleEndian);
	}

	s32(offset: number): number {
		return this.#view.getInt32(offset, this.littleEndian);
	}

	u64(offset: number): bigint {
		return this.#view.getBigUint64(offset, this.littleEndian);
	}
}
