// SPDX-License-Identifier: Apache-2.0

import { assemble, type Insn } from "../../base/insn.js";
import { StructBytes } from "../../base/struct.js";
import type { Args } from "./operations.js";

/** What the agent holds a file descriptor of: see `bpf` of the operations. */
export type Held = Omit<NonNullable<Args<"bpf">["handles"]>[number], "offset" | "blob">;

/** Memory that the kernel gets a pointer to: bytes, instructions, or a struct. */
export type Memory = Uint8Array | readonly Insn[] | StructBytes;

interface Blob {
	offset: number;
	blob?: number;
	data: Memory;
	out?: boolean;
}

/** `union bpf_attr` under construction: offsets and widths as in include/uapi/linux/bpf.h. */
export class BpfAttr extends StructBytes {
	readonly #blobs: Blob[] = [];
	readonly #handles: NonNullable<Args<"bpf">["handles"]> = [];

	/** The file descriptor of what is held. */
	fd(offset: number, held: Held): this {
		this.#handles.push({ offset, ...held });
		return this;
	}

	/** A pointer to an array of file descriptors: of what is held, or a number as it is. */
	fds(offset: number, list: readonly (Held | number)[]): this {
		const array = new StructBytes(list.length * 4);
		for (const [index, each] of list.entries()) {
			if (typeof each === "number") array.s32(index * 4, each);
			else this.#handles.push({ offset: index * 4, blob: this.#blobs.length, ...each });
		}
		return this.pointer(offset, array);
	}

	/** A pointer to memory; with `out`, the kernel may write there and it comes back. */
	pointer(offset: number, data: Memory, out = false): this {
		this.#blobs.push({ offset, data, out });
		return this;
	}

	/**
	 * A pointer inside the memory that the pointer of that number points to; what it points to comes
	 * back if `out`.
	 */
	pointerIn(blob: number, offset: number, data: Memory, out = true): this {
		this.#blobs.push({ offset, blob, data, out });
		return this;
	}

	/** For the `bpf` operation. */
	encoded(littleEndian: boolean): Pick<Args<"bpf">, "attr" | "blobs" | "handles"> {
		const blobs = this.#blobs.map(({ data, ...rest }) => ({ ...rest, data: plain(data, littleEndian) }));
		return { attr: this.bytes(littleEndian), blobs, handles: this.#handles };
	}
}

function plain(data: Memory, littleEndian: boolean): Uint8Array {
	if (data instanceof Uint8Array) return data;
	return data instanceof StructBytes ? data.bytes(littleEndian) : assemble(data, littleEndian);
}
