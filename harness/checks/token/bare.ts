// SPDX-License-Identifier: Apache-2.0

import { attachTypes, helpers, mapTypes, programTypes } from "../../base/bpf.js";
import { BpfAttr, bpfRequest, type Held, progLoad, program } from "../../machine/features/syscall.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Result } from "../../machine/guest/operations.js";

/** A call of bpf(2) that asks a token, with as little in it as it can have. */
export type BareCall =
	| { command: "map_create"; map: string }
	| { command: "prog_load"; program: string; attachment: string; does?: keyof typeof deeds }
	| { command: "btf_load" }
	| { command: "btf_get_fd_by_id"; id: number };

/**
 * Makes the call as whoever the client is, with a token that he holds or without any. A refusal is
 * an answer. EPERM comes before anything that is wrong with a program, and after most that is wrong
 * with a map.
 */
export function bare(
	client: GuestClient,
	littleEndian: boolean,
	call: BareCall,
	token?: Held,
): Promise<Result<"bpf">> {
	const { attr, flags, fd } = attrOf(call, littleEndian);
	if (token) attr.u32(flags, flagsOf(attr, flags, littleEndian) | BPF_F_TOKEN_FD).fd(fd, token);
	return client.call("bpf", bpfRequest(call.command, attr));
}

/** As `bare`; what came of it is closed at once. @returns errno, 0 when the kernel did it */
export async function tryBare(
	client: GuestClient,
	littleEndian: boolean,
	call: BareCall,
	token?: Held,
): Promise<number> {
	const { errno, fd } = await bare(client, littleEndian, call, token);
	if (fd !== undefined) await client.call("close", { handle: fd });
	return errno;
}

/**
 * What the kernel tells of a map, program, BTF or token that the client holds
 * (BPF_OBJ_GET_INFO_BY_FD), and its errno.
 */
export async function infoOf(
	client: GuestClient,
	littleEndian: boolean,
	held: Held,
	size = 16,
): Promise<{ errno: number; info: Uint8Array }> {
	const attr = new BpfAttr(16, littleEndian).fd(0, held).u32(4, size).pointer(8, new Uint8Array(size), true);
	const { errno, blobs } = await client.call("bpf", bpfRequest("obj_get_info_by_fd", attr));
	return { errno, info: blobs[0] ?? new Uint8Array(size) };
}

/** The same flag for every command that takes a token (include/uapi/linux/bpf.h). */
const BPF_F_TOKEN_FD = 1 << 16;

/** Attributes of a call, and where its flags and the descriptor of the token stand in them. */
interface Call {
	attr: BpfAttr;
	flags: number;
	fd: number;
}

function attrOf(call: BareCall, littleEndian: boolean): Call {
	switch (call.command) {
		case "map_create":
			return { attr: mapCreate(call.map, littleEndian), flags: 16, fd: 76 };
		case "prog_load": {
			const insns = call.does ? deed(call.does, littleEndian) : program([], littleEndian);
			const attr = progLoad(programTypes.number(call.program) ?? 0, insns, littleEndian);
			return { attr: attr.u32(68, attachTypes.number(call.attachment) ?? 0), flags: 44, fd: 144 };
		}
		case "btf_load":
			return {
				attr: new BpfAttr(40, littleEndian).pointer(0, btfOfAnInt(littleEndian)).u32(16, 24 + 16 + 5),
				flags: 32,
				fd: 36,
			};
		case "btf_get_fd_by_id":
			return { attr: new BpfAttr(16, littleEndian).u32(0, call.id), flags: 8, fd: 12 };
	}
}

/**
 * What a program may do besides nothing: the helper, and which of its arguments is the buffer on
 * the stack.
 */
const deeds = {
	"read-kernel": { helper: "probe_read_kernel", buffer: 1, size: 2, address: 3 },
	"write-user": { helper: "probe_write_user", buffer: 2, size: 3, address: 1 },
} as const;

/**
 * Calls the helper with eight bytes of the stack and an address of zero, and returns 0 (RFC 9669).
 */
function deed(does: keyof typeof deeds, littleEndian: boolean): Uint8Array {
	const { helper, buffer, size, address } = deeds[does];
	const instructions = [
		[0x7a, 10, -8, 0], // *(u64 *)(r10 - 8) = 0
		[0xbf, buffer | (10 << 4), 0, 0], // buffer = r10
		[0x07, buffer, 0, -8], // buffer -= 8
		[0xb7, size, 0, 8],
		[0xb7, address, 0, 0],
		[0x85, 0, 0, helpers.number(helper) ?? 0],
		[0xb7, 0, 0, 0],
		[0x95, 0, 0, 0],
	];
	const bytes = new Uint8Array(instructions.length * 8);
	const view = new DataView(bytes.buffer);
	for (const [index, [code = 0, registers = 0, offset = 0, immediate = 0]] of instructions.entries()) {
		bytes[index * 8] = code;
		bytes[index * 8 + 1] = littleEndian ? registers : ((registers & 15) << 4) | (registers >> 4);
		view.setInt16(index * 8 + 2, offset, littleEndian);
		view.setInt32(index * 8 + 4, immediate, littleEndian);
	}
	return bytes;
}

function flagsOf({ bytes }: BpfAttr, offset: number, littleEndian: boolean): number {
	return new DataView(bytes.buffer).getUint32(offset, littleEndian);
}

interface Shape {
	key: number;
	value: number;
	entries: number;
	flags?: number;
	/**
	 * BTF ids of key and value, without which the kernel does not come to ask who calls; the BTF
	 * itself is left out.
	 */
	btf?: boolean;
}

const BPF_F_NO_PREALLOC = 1;
const BPF_F_MMAPABLE = 1 << 10;
const usual: Shape = { key: 4, value: 8, entries: 1 };
const descriptors: Shape = { key: 4, value: 4, entries: 1 };
const storage: Shape = { key: 4, value: 4, entries: 0, flags: BPF_F_NO_PREALLOC, btf: true };
const ring: Shape = { key: 0, value: 0, entries: 4096 };

/**
 * What each type asks of its sizes and flags (`map_alloc_check` of kernel/bpf); the others take
 * what is usual.
 */
const shapes: Readonly<Record<string, Shape>> = {
	prog_array: descriptors,
	perf_event_array: descriptors,
	cgroup_array: descriptors,
	array_of_maps: descriptors,
	hash_of_maps: descriptors,
	devmap: descriptors,
	devmap_hash: descriptors,
	cpumap: descriptors,
	sockmap: descriptors,
	sockhash: descriptors,
	xskmap: descriptors,
	reuseport_sockarray: descriptors,
	lpm_trie: { key: 8, value: 8, entries: 1, flags: BPF_F_NO_PREALLOC },
	cgroup_storage: { key: 8, value: 8, entries: 0 },
	percpu_cgroup_storage: { key: 8, value: 8, entries: 0 },
	queue: { key: 0, value: 4, entries: 1 },
	stack: { key: 0, value: 4, entries: 1 },
	bloom_filter: { key: 0, value: 4, entries: 1 },
	sk_storage: storage,
	inode_storage: storage,
	task_storage: storage,
	cgrp_storage: storage,
	struct_ops: { key: 4, value: 0, entries: 1, btf: true },
	ringbuf: ring,
	user_ringbuf: ring,
	arena: { key: 0, value: 0, entries: 1, flags: BPF_F_MMAPABLE },
	insn_array: { key: 4, value: 16, entries: 1 },
	rhash: { key: 4, value: 8, entries: 1, flags: BPF_F_NO_PREALLOC },
};

function mapCreate(type: string, littleEndian: boolean): BpfAttr {
	const { key, value, entries, flags = 0, btf = false } = shapes[type] ?? usual;
	const attr = new BpfAttr(80, littleEndian)
		.u32(0, mapTypes.number(type) ?? 0)
		.u32(4, key)
		.u32(8, value)
		.u32(12, entries)
		.u32(16, flags);
	if (!btf) return attr;
	attr.s32(48, -1);
	return type === "struct_ops" ? attr.u32(60, 1) : attr.u32(52, 1).u32(56, 1);
}

/** BTF with one type, `int` (Documentation/bpf/btf.rst): header, type, strings. */
function btfOfAnInt(littleEndian: boolean): Uint8Array {
	const bytes = new Uint8Array(24 + 16 + 5);
	const view = new DataView(bytes.buffer);
	const u32 = (offset: number, value: number) => view.setUint32(offset, value, littleEndian);
	view.setUint16(0, 0xeb9f, littleEndian);
	bytes[2] = 1;
	for (const [offset, value] of [24, 0, 16, 16, 5].entries()) u32(4 + offset * 4, value);
	for (const [offset, value] of [1, 1 << 24, 4, (1 << 24) | 32].entries()) u32(24 + offset * 4, value);
	bytes.set(Buffer.from("\0int\0"), 24 + 16);
	return bytes;
}
