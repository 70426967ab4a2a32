// SPDX-License-Identifier: Apache-2.0
import { commands, mapTypes, programTypes } from "../../../base/bpf.js";
import type { HelperCall, Walk } from "./walk.js";

/** BPF_FUNC_sys_bpf */
export const sysBpf = 166;

/** A map that a loader makes. Sizes in bytes. */
export interface InstalledMap {
	/** As the kernel is told it: at most 15 characters. */
	name: string;
	type: string;
	key_size: number;
	value_size: number;
	max_entries: number;
}

/** A program that a loader loads. */
export interface InstalledProgram {
	/** As the kernel is told it: at most 15 characters. */
	name: string;
	type: string;
	/** As they are in the loader's data: before it fills in maps and kernel symbols. */
	insns: Uint8Array;
}

/** What a loader installs, in the order of the descriptors in its context. */
export interface Installed {
	maps: InstalledMap[];
	programs: InstalledProgram[];
}

/** What a walk's loader installs, without templates of maps; undefined for unusual calls. */
export function installedBy(walk: Walk, data: Uint8Array): Installed | undefined {
	const byPlace = new Map<number, InstalledMap>();
	const programs: InstalledProgram[] = [];
	for (const call of walk.calls.filter(({ helper }) => helper === sysBpf)) {
		const request = requestOf(call, data);
		if (!request) return undefined;
		if (request.command === "map_create") byPlace.set(call.place, mapOf(request.attributes));
		if (request.command === "prog_load") {
			const insns = walk.stores.get(request.at + attr.insns);
			const size = request.attributes.readUInt32LE(attr.insn_cnt) * 8;
			if (insns?.kind !== "data" || insns.at < 0 || insns.at + size > data.length) return undefined;
			programs.push({
				name: text(request.attributes, attr.prog_name),
				type: programTypes.name(request.attributes.readUInt32LE(attr.type)),
				insns: data.subarray(insns.at, insns.at + size),
			});
		}
	}
	const maps: InstalledMap[] = [];
	// The loader's array of descriptors, at the start of its data, gets the maps in their order.
	for (let index = 0; ; index++) {
		const stored = walk.stores.get(index * 4);
		const map = stored?.kind === "result" ? byPlace.get(stored.at) : undefined;
		if (!map) return { maps, programs };
		maps.push(map);
	}
}

/** Offsets in `union bpf_attr` (include/uapi/linux/bpf.h): BPF_MAP_CREATE, BPF_PROG_LOAD. */
const attr = {
	type: 0,
	key_size: 4,
	value_size: 8,
	max_entries: 12,
	map_name: 28,
	insn_cnt: 4,
	insns: 8,
	prog_name: 48,
};
const nameBytes = 16;
/** Up to the end of the last field that is read. */
const leastBytes = attr.prog_name + nameBytes;

interface Request {
	command: string;
	/** Offset of the attributes in the data. */
	at: number;
	attributes: Buffer;
}

function requestOf(
	{ arguments: [command, attributes, size] }: HelperCall,
	data: Uint8Array,
): Request | undefined {
	if (command?.kind !== "constant" || attributes?.kind !== "data" || size?.kind !== "constant")
		return undefined;
	const { at } = attributes;
	const length = Number(size.value);
	if (at < 0 || length < 0 || at + length > data.length) return undefined;
	const bytes = Buffer.alloc(Math.max(length, leastBytes));
	bytes.set(data.subarray(at, at + length));
	return { command: commands.name(Number(command.value)), at, attributes: bytes };
}

function mapOf(attributes: Buffer): InstalledMap {
	return {
		name: text(attributes, attr.map_name),
		type: mapTypes.name(attributes.readUInt32LE(attr.type)),
		key_size: attributes.readUInt32LE(attr.key_size),
		value_size: attributes.readUInt32LE(attr.value_size),
		max_entries: attributes.readUInt32LE(attr.max_entries),
	};
}

function text(bytes: Buffer, at: number): string {
	const field = bytes.subarray(at, at + nameBytes);
	const end = field.indexOf(0);
	return field.toString("latin1", 0, end < 0 ? nameBytes : end);
}
