// SPDX-License-Identifier: Apache-2.0

import { ENOENT, errnoName } from "../../base/errno.js";
import { Btf } from "../../data/package/btf/btf.js";
import { BpfAttr, bpf } from "../../machine/features/syscall.js";
import type { Result } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";

type GuestPart = Pick<Guest, "client" | "kernel">;

/**
 * Of struct bpf_prog_info up to `nr_func_info`, and struct bpf_btf_info (include/uapi/linux/bpf.h).
 */
const progInfo = { bytes: 148, btf: 128, functionBytes: 132, functionList: 136, functions: 144 };
const btfInfo = { bytes: 16, size: 8 };
const functionRecord = 8;

export const isLittleEndian = ({ kernel }: GuestPart) => kernel.arch !== "s390x";

/** BPF_{PROG,MAP,LINK,BTF}_GET_FD_BY_ID: a handle, to be closed; undefined of what is gone. */
export async function openById(
	guest: GuestPart,
	kind: "prog" | "map" | "link" | "btf",
	id: number,
): Promise<number | undefined> {
	const attr = new BpfAttr(12, isLittleEndian(guest)).u32(0, id);
	const { errno, fd } = await bpf(guest.client, `${kind}_get_fd_by_id`, attr);
	if (errno === ENOENT) return undefined;
	if (fd === undefined) throw new Error(`BPF_${kind.toUpperCase()}_GET_FD_BY_ID: ${errnoName(errno)}`);
	return fd;
}

/** Opens, asks and closes; undefined of what is gone. */
export async function withId<T>(
	guest: GuestPart,
	kind: "prog" | "map" | "link" | "btf",
	id: number,
	action: (handle: number) => Promise<T>,
): Promise<T | undefined> {
	const handle = await openById(guest, kind, id);
	if (handle === undefined) return undefined;
	try {
		return await action(handle);
	} finally {
		await guest.client.call("close", { handle });
	}
}

/**
 * BPF_OBJ_GET_INFO_BY_FD.
 *
 * @param info what the kernel gets to read and write: struct bpf_*_info of include/uapi/linux/bpf.h
 * @param list a second piece of memory, to which `info` points at `offset`
 * @returns both as they are afterwards
 */
export async function infoOf(
	guest: GuestPart,
	handle: number,
	info: Uint8Array,
	list?: { offset: number; bytes: number },
): Promise<[info: DataView, list: Uint8Array]> {
	const attr = new BpfAttr(16, isLittleEndian(guest)).fd(0, { handle }).u32(4, info.length);
	attr.pointer(8, info, true);
	if (list) attr.pointerIn(0, list.offset, new Uint8Array(list.bytes));
	const { blobs } = done("BPF_OBJ_GET_INFO_BY_FD", await bpf(guest.client, "obj_get_info_by_fd", attr));
	return [viewOf(blobs[0]!), blobs[1] ?? new Uint8Array()];
}

/** Types of a program or map, by id. */
export function btfById(guest: GuestPart, id: number): Promise<Btf | undefined> {
	return withId(guest, "btf", id, async (handle) => {
		const little = isLittleEndian(guest);
		const [sizes] = await infoOf(guest, handle, new Uint8Array(btfInfo.bytes));
		const bytes = sizes.getUint32(btfInfo.size, little);
		const info = new Uint8Array(btfInfo.bytes);
		new DataView(info.buffer).setUint32(btfInfo.size, bytes, little);
		const [, data] = await infoOf(guest, handle, info, { offset: 0, bytes });
		return new Btf(`BTF ${id} of the guest`, data);
	});
}

/**
 * Name of a program's main function, which the kernel keeps whole in its BTF; of a program without,
 * undefined.
 */
export async function mainFunction(guest: GuestPart, program: number): Promise<string | undefined> {
	const little = isLittleEndian(guest);
	const info = new Uint8Array(progInfo.bytes);
	new DataView(info.buffer).setUint32(progInfo.functions, 1, little);
	new DataView(info.buffer).setUint32(progInfo.functionBytes, functionRecord, little);
	const list = { offset: progInfo.functionList, bytes: functionRecord };
	const [told, [...record]] = await infoOf(guest, program, info, list);
	if (told.getUint32(progInfo.functions, little) === 0) return undefined;
	const btf = await btfById(guest, told.getUint32(progInfo.btf, little));
	// struct bpf_func_info: insn_off, type_id.
	return btf?.name(new DataView(Uint8Array.from(record).buffer).getUint32(4, little));
}

/** BPF_MAP_LOOKUP_ELEM of an array's first element. */
export async function firstElement(guest: GuestPart, map: number, bytes: number): Promise<DataView> {
	const attr = new BpfAttr(32, isLittleEndian(guest)).fd(0, { handle: map });
	attr.pointer(8, new Uint8Array(4)).pointer(16, new Uint8Array(bytes), true);
	const { blobs } = done("BPF_MAP_LOOKUP_ELEM", await bpf(guest.client, "map_lookup_elem", attr));
	return viewOf(blobs[1]!);
}

/** BPF_LINK_GET_NEXT_ID until there is none, from the one behind `after` on. */
export async function linkIds(guest: GuestPart, after: number): Promise<number[]> {
	const ids: number[] = [];
	for (;;) {
		const attr = new BpfAttr(12, isLittleEndian(guest)).u32(0, ids.at(-1) ?? after);
		const result = await bpf(guest.client, "link_get_next_id", attr);
		if (result.errno === ENOENT) return ids;
		ids.push(viewOf(done("BPF_LINK_GET_NEXT_ID", result).attr).getUint32(4, isLittleEndian(guest)));
	}
}

/** BPF_OBJ_GET: a handle of what is pinned, to be closed; undefined when nothing is. */
export async function openPin(guest: GuestPart, path: string): Promise<number | undefined> {
	const attr = new BpfAttr(16, isLittleEndian(guest)).pointer(0, Buffer.from(`${path}\0`));
	const { errno, fd } = await bpf(guest.client, "obj_get", attr);
	if (errno === ENOENT) return undefined;
	if (fd === undefined) throw new Error(`BPF_OBJ_GET of ${path}: ${errnoName(errno)}`);
	return fd;
}

function done(call: string, result: Result<"bpf">): Result<"bpf"> {
	if (result.errno !== 0) throw new Error(`${call}: ${errnoName(result.errno)}`);
	return result;
}

function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
