// SPDX-License-Identifier: Apache-2.0

import { commands } from "../../base/bpf.js";
import type { GuestClient } from "../guest/client.js";
import type { Args, Result } from "../guest/operations.js";

/** What the agent holds a file descriptor of: see `bpf` of the operations. */
export type Held = Omit<NonNullable<Args<"bpf">["handles"]>[number], "offset" | "blob">;

/** `union bpf_attr` under construction: offsets and widths as in include/uapi/linux/bpf.h. */
export class BpfAttr {
	readonly bytes: Uint8Array;
	readonly blobs: { offset: number; blob?: number; data: Uint8Array; out?: boolean }[] = [];
	readonly handles: NonNullable<Args<"bpf">["handles"]> = [];
	private readonly view: DataView;

	constructor(
		size: number,
		private readonly littleEndian: boolean,
	) {
		this.bytes = new Uint8Array(size);
		this.view = new DataView(this.bytes.buffer);
	}

	u32(offset: number, value: number): this {
		this.view.setUint32(offset, value, this.littleEndian);
		return this;
	}

	s32(offset: number, value: number): this {
		this.view.setInt32(offset, value, this.littleEndian);
		return this;
	}

	u64(offset: number, value: bigint): this {
		this.view.setBigUint64(offset, value, this.littleEndian);
		return this;
	}

	/** The file descriptor of what is held. */
	fd(offset: number, held: Held): this {
		this.handles.push({ offset, ...held });
		return this;
	}

	/** A pointer to the file descriptor of what is held. */
	pointerToFd(offset: number, held: Held): this {
		this.handles.push({ offset: 0, blob: this.blobs.length, ...held });
		return this.pointer(offset, new Uint8Array(4));
	}

	/** A pointer to these bytes; with `out`, the kernel may write there and they come back. */
	pointer(offset: number, data: Uint8Array, out = false): this {
		this.blobs.push({ offset, data, out });
		return this;
	}

	/**
	 * A pointer, in the bytes that the pointer of that number points to, to memory where the kernel
	 * may write.
	 */
	pointerIn(blob: number, offset: number, data: Uint8Array): this {
		this.blobs.push({ offset, blob, data, out: true });
		return this;
	}
}

/** What `bpf` asks of the agent. `netns` is a handle of `netns_add`. */
export function bpfRequest(command: string, attr: BpfAttr, netns?: number): Args<"bpf"> {
	const cmd = commands.number(command);
	if (cmd === undefined) throw new Error(`no bpf command ${command}`);
	const { bytes, blobs, handles } = attr;
	return { cmd, attr: bytes, blobs, handles, ...(netns === undefined ? {} : { netns }) };
}

/**
 * Calls bpf(2) in the guest. `command` without BPF_, lower case. A refusal is an answer: `errno`
 * says which.
 */
export function bpf(
	client: GuestClient,
	command: string,
	attr: BpfAttr,
	netns?: number,
): Promise<Result<"bpf">> {
	return client.call("bpf", bpfRequest(command, attr, netns));
}

/** As bpf; a file descriptor that comes of it is closed at once. */
export async function tryBpf(client: GuestClient, command: string, attr: BpfAttr): Promise<Result<"bpf">> {
	const result = await bpf(client, command, attr);
	if (result.fd !== undefined) await client.call("close", { handle: result.fd });
	return result;
}

/** One instruction: `code`, registers zero, `imm`. */
function instruction(code: number, imm: number, littleEndian: boolean): Uint8Array {
	const bytes = new Uint8Array(8);
	bytes[0] = code;
	new DataView(bytes.buffer).setInt32(4, imm, littleEndian);
	return bytes;
}

const CALL = 0x85;
const MOV64_IMM = 0xb7;
const EXIT = 0x95;

/**
 * Instructions of a program that calls these helpers with whatever registers hold, and returns 0.
 */
export function program(helpers: number[], littleEndian: boolean): Uint8Array {
	return Buffer.concat([
		...helpers.map((helper) => instruction(CALL, helper, littleEndian)),
		instruction(MOV64_IMM, 0, littleEndian),
		instruction(EXIT, 0, littleEndian),
	]);
}

/** Size of BPF_PROG_LOAD's attributes before signatures came (6.17), and with them. */
export const progLoadSize = { unsigned: 152, signed: 168 } as const;

/** BPF_PROG_LOAD of a program under the GPL. */
export function progLoad(
	type: number,
	insns: Uint8Array,
	littleEndian: boolean,
	size: number = progLoadSize.unsigned,
): BpfAttr {
	return new BpfAttr(size, littleEndian)
		.u32(0, type)
		.u32(4, insns.length / 8)
		.pointer(8, insns)
		.pointer(16, Buffer.from("GPL\0"));
}
