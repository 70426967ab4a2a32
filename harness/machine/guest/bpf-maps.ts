// SPDX-License-Identifier: Apache-2.0

import { StructBytes } from "../../base/struct.js";
import { BpfAttr } from "./bpf-attr.js";
import { bpf, mapCreate, mapCreateSize, objInfo } from "./bpf-call.js";
import type { GuestClient } from "./client.js";
import type { Result } from "./operations.js";

/** struct bpf_map_info with the content's hash (6.18): its size; offsets of hash and size. */
const mapInfo = { bytes: 104, hash: 88, hashSize: 96 } as const;

export interface NewMap {
	/** A name of `mapTypes`; `array` by default. */
	type?: string;
	valueSize: number;
	maxEntries?: number;
	/** BPF_F_* */
	flags?: number;
	/** At most 15 characters. */
	name?: string;
	/** `excl_prog_hash`: SHA-256 of the only program that may use it. */
	exclusiveTo?: Uint8Array | undefined;
}

/** BPF_MAP_CREATE of a map with keys of 4 bytes; the caller closes `fd`. */
export function createMap(
	client: GuestClient,
	{ type = "array", valueSize, maxEntries = 1, flags = 0, name = "", exclusiveTo }: NewMap,
): Promise<Result<"bpf">> {
	const size = exclusiveTo ? mapCreateSize.exclusive : mapCreateSize.plain;
	const attr = mapCreate(type, { value: valueSize, entries: maxEntries, flags }, size).text(28, name);
	if (exclusiveTo) attr.pointer(80, exclusiveTo).u32(88, exclusiveTo.length);
	return bpf(client, "map_create", attr);
}

/** BPF_MAP_UPDATE_ELEM of an array's first element. */
export function writeElement(client: GuestClient, map: number, value: Uint8Array): Promise<Result<"bpf">> {
	const attr = new BpfAttr(32).fd(0, { handle: map });
	return bpf(client, "map_update_elem", attr.pointer(8, new Uint8Array(4)).pointer(16, value));
}

/** BPF_MAP_LOOKUP_ELEM of an array's first element. */
export async function readElement(
	client: GuestClient,
	map: number,
	size: number,
): Promise<{ errno: number; value: Uint8Array }> {
	const attr = new BpfAttr(32).fd(0, { handle: map });
	attr.pointer(8, new Uint8Array(4)).pointer(16, new Uint8Array(size), true);
	const { errno, blobs } = await bpf(client, "map_lookup_elem", attr);
	return { errno, value: blobs[1] ?? new Uint8Array(size) };
}

/** BPF_MAP_FREEZE */
export function freezeMap(client: GuestClient, map: number): Promise<Result<"bpf">> {
	return bpf(client, "map_freeze", new BpfAttr(4).fd(0, { handle: map }));
}

/** SHA-256 of a frozen map, which the kernel stores on BPF_OBJ_GET_INFO_BY_FD. */
export async function mapHash(
	client: GuestClient,
	map: number,
	size = 32,
): Promise<{ errno: number; hash: Uint8Array }> {
	const info = new StructBytes(mapInfo.bytes).u32(mapInfo.hashSize, size);
	const { errno, list } = await objInfo(client, { handle: map }, info, { offset: mapInfo.hash, bytes: size });
	return { errno, hash: list.bytes };
}
