// SPDX-License-Identifier: Apache-2.0

import { assemble, type Insn } from "../../base/insn.js";
import { StructBytes } from "../../base/struct.js";
import type { Args } from "./operations.js";

/** A file descriptor that the agent holds; see the operation `bpf`. */
export type Held = Omit<NonNullable<Args<"bpf">["handles"]>[number], "offset" | "blob">;

/** Memory to which the kernel gets a pointer: bytes, instructions, or a struct. */
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

	fd(offset: number, held: Held): this {
		this.#handles.push({ offset, ...held });
		return this;
	}

	/** A pointer to an array of file descriptors: held ones, or plain numbers. */
	fds(offset: number, list: readonly (Held | number)[]): this {
		const array = new StructBytes(list.length * 4);
		for (const [index, each] of list.entries()) {
			if (typeof each === "number") array.s32(index * 4, each);
			else this.#handles.push({ offset: index * 4, blob: this.#blobs.length, ...each });
		}
		return this.pointer(offset, array);
	}

	/** A pointer to memory; with `out` the result has what the kernel wrote there. */
	pointer(offset: number, data: Memory, out = false): this {
		this.#blobs.push({ offset, data, out });
		return this;
	}

	/** A pointer inside the memory of pointer `blob`; `out`: the result has what it points to. */
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
