// SPDX-License-Identifier: Apache-2.0

import { commands, mapTypes, programTypes } from "../../base/bpf.js";
import { contextLayout } from "../../data/signing/loader/harden.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import type { Args, Result } from "../../machine/guest/operations.js";

/**
 * Where installing by a loader ended: at the first step that was refused, `loaded` when the loader
 * was loaded and not to be run, or `installed` with its work done.
 */
export type Stage =
	| "key"
	| "hash"
	| "map-create"
	| "map-fill"
	| "map-freeze"
	| "load"
	| "run"
	| "loaded"
	| "installed";

/**
 * The map that the loader takes its data from, as a well-meaning host makes it unless said
 * otherwise.
 */
export interface DataMap {
	data: Uint8Array;
	/** `excl_prog_hash`; the map is nobody's own without it. */
	exclusiveTo?: Uint8Array | undefined;
	frozen?: boolean;
	/** Kernel's name of the map type: `array` unless given. */
	type?: string;
	maxEntries?: number;
}

export interface Signature {
	bytes: Uint8Array;
	/** As BPF_PROG_LOAD is told, when that is not so. */
	size?: number;
	keyring: number;
}

export interface Installation {
	insns: Uint8Array;
	dataMap?: DataMap | undefined;
	signature?: Signature | undefined;
	/** `fd_array`; the data map alone unless given. */
	fds?: readonly (Fd | "data")[];
	/** `fd_array_cnt` */
	counted?: number;
	/** How many maps and programs the loader's context describes. */
	maps: number;
	programs: number;
	/** Writes what the host has a say in into the context; pointers go to what is returned. */
	host?: (context: DataView) => { offset: number; data: Uint8Array }[];
	/** Asks for the map's hash, which loaders of contract `insns` compare. */
	hashed?: boolean;
	/**
	 * Not: the loader is loaded and nothing more. Installing a large object takes seconds under
	 * emulation.
	 */
	run?: boolean;
}

/** A descriptor that the agent has, or a number. */
export type Fd = { handle: number } | { fd: number };

export interface Installed {
	stage: Stage;
	/** Of the refusal; 0 when installed. */
	errno: number;
	/** The last line of the verifier's log that speaks of it. */
	log?: string;
	/**
	 * What the loader made, as numbers in the agent's process, in the order of its context; 0: not
	 * made.
	 */
	maps: number[];
	programs: number[];
}

/** Offsets and sizes of `union bpf_attr` (include/uapi/linux/bpf.h). */
const attrSize = {
	mapCreate: 72,
	mapCreateExclusive: 96,
	mapElement: 32,
	mapFreeze: 4,
	programLoad: 152,
	programLoadSigned: 168,
	testRun: 80,
	info: 16,
} as const;
const mapInfo = { size: 104, hash: 88, hashSize: 96 } as const;
const logBytes = 16 * 1024;
/**
 * Messages and statistics, and not each instruction: what loaders have would fill any log (ENOSPC).
 */
const BPF_LOG_STATS = 4;
const BPF_F_SLEEPABLE = 1 << 4;
const noFile = 0x7fffffff;
/** Tells what the loader's program is, in lists of programs. */
const names = { map: "__loader.map", program: "__loader.prog" };

type Blob = NonNullable<Args<"bpf">["blobs"]>[number];
type Patch = NonNullable<Args<"bpf">["handles"]>[number];

/** bpf(2) in the guest, by the command's name. */
export function bpf(
	client: GuestClient,
	command: string,
	attr: Uint8Array,
	blobs: Blob[] = [],
	handles: Patch[] = [],
): Promise<Result<"bpf">> {
	const cmd = commands.number(command);
	if (cmd === undefined) throw new Error(`no bpf command ${command}`);
	return client.call("bpf", { cmd, attr, blobs, handles });
}

/** BPF_MAP_CREATE; the caller closes `fd`. */
export function createMap(
	client: GuestClient,
	{
		type = "array",
		valueSize,
		maxEntries = 1,
		flags = 0,
		exclusiveTo,
	}: {
		type?: string;
		valueSize: number;
		maxEntries?: number;
		/** BPF_F_*. */
		flags?: number;
		exclusiveTo?: Uint8Array | undefined;
	},
): Promise<Result<"bpf">> {
	const attr = Buffer.alloc(exclusiveTo ? attrSize.mapCreateExclusive : attrSize.mapCreate);
	const number = mapTypes.number(type);
	if (number === undefined) throw new Error(`no map type ${type}`);
	for (const [index, value] of [number, 4, valueSize, maxEntries, flags].entries())
		attr.writeUInt32LE(value, index * 4);
	attr.write(names.map, 28);
	if (!exclusiveTo) return bpf(client, "map_create", attr);
	attr.writeUInt32LE(exclusiveTo.length, 88);
	return bpf(client, "map_create", attr, [{ offset: 80, data: exclusiveTo }]);
}

export function writeElement(client: GuestClient, map: number, value: Uint8Array): Promise<Result<"bpf">> {
	const blobs = [
		{ offset: 8, data: new Uint8Array(4) },
		{ offset: 16, data: value },
	];
	return bpf(client, "map_update_elem", new Uint8Array(attrSize.mapElement), blobs, [
		{ offset: 0, handle: map },
	]);
}

export function freezeMap(client: GuestClient, map: number): Promise<Result<"bpf">> {
	return bpf(client, "map_freeze", new Uint8Array(attrSize.mapFreeze), [], [{ offset: 0, handle: map }]);
}

/**
 * SHA-256 of a frozen map's content, which the kernel keeps then; BPF_OBJ_GET_INFO_BY_FD with room
 * for it.
 */
export async function mapHash(
	client: GuestClient,
	map: number,
	size = 32,
): Promise<{ errno: number; hash: Uint8Array }> {
	const attr = Buffer.alloc(attrSize.info);
	attr.writeUInt32LE(mapInfo.size, 4);
	const info = Buffer.alloc(mapInfo.size);
	info.writeUInt32LE(size, mapInfo.hashSize);
	const { errno, blobs } = await bpf(
		client,
		"obj_get_info_by_fd",
		attr,
		[
			{ offset: 8, data: info, out: true },
			{ offset: mapInfo.hash, blob: 0, data: new Uint8Array(size), out: true },
		],
		[{ offset: 0, handle: map }],
	);
	return { errno, hash: blobs[1] ?? new Uint8Array(0) };
}

/** BPF_PROG_LOAD of a loader. */
export async function loadLoader(
	client: GuestClient,
	insns: Uint8Array,
	fds: readonly Fd[],
	counted: number,
	signature?: Signature,
): Promise<Result<"bpf"> & { log: string }> {
	const attr = Buffer.alloc(signature || counted > 0 ? attrSize.programLoadSigned : attrSize.programLoad);
	attr.writeUInt32LE(programTypes.number("syscall")!, 0);
	attr.writeUInt32LE(insns.length / 8, 4);
	attr.writeUInt32LE(BPF_LOG_STATS, 24);
	attr.writeUInt32LE(logBytes, 28);
	attr.writeUInt32LE(BPF_F_SLEEPABLE, 44);
	attr.write(names.program, 48);
	const blobs: Blob[] = [
		{ offset: 8, data: insns },
		{ offset: 16, data: Buffer.from("Dual BSD/GPL\0") },
		{ offset: 32, data: new Uint8Array(logBytes), out: true },
	];
	const handles: Patch[] = [];
	if (fds.length > 0) {
		const array = Buffer.alloc(fds.length * 4);
		for (const [index, fd] of fds.entries()) {
			if ("fd" in fd) array.writeInt32LE(fd.fd, index * 4);
			else handles.push({ offset: index * 4, handle: fd.handle, blob: blobs.length });
		}
		blobs.push({ offset: 120, data: array });
	}
	if (counted > 0) attr.writeUInt32LE(counted, 148);
	if (signature) {
		attr.writeUInt32LE(signature.size ?? signature.bytes.length, 160);
		attr.writeInt32LE(signature.keyring, 164);
		blobs.push({ offset: 152, data: signature.bytes });
	}
	const result = await bpf(client, "prog_load", attr, blobs, handles);
	return { ...result, log: telling(Buffer.from(result.blobs[2] ?? []).toString("latin1")) };
}

/** The verifier's last word on a refusal; behind it may stand statistics. */
function telling(log: string): string {
	const text = log.slice(0, Math.max(0, log.indexOf("\0")));
	const lines = text
		.split("\n")
		.filter(
			(line) =>
				line !== "" &&
				!/^(processed|verification time|stack depth|insns processed|subprog \d+ \()/.test(line),
		);
	return lines.at(-1)?.slice(0, 300) ?? "";
}

/**
 * Installs by a loader, step by step as libbpf's skel_internal.h does: the data map is made, filled
 * and frozen, the loader is loaded with it and run. What it made stays until `close`.
 */
export class Installer {
	#handles: number[] = [];
	#program: number | undefined;

	constructor(private readonly client: GuestClient) {}

	/** Handle of the loader that was loaded last. */
	get program(): number | undefined {
		return this.#program;
	}

	/** Handles to be closed with the rest. */
	keep(handles: readonly number[]): void {
		this.#handles.push(...handles);
	}

	async install(what: Installation): Promise<Installed> {
		const { dataMap } = what;
		let data: number | undefined;
		if (dataMap) {
			const made = await this.#dataMap(dataMap, what.hashed ?? false);
			if ("stage" in made) return { ...made, maps: [], programs: [] };
			data = made.handle;
		}
		const own = data === undefined ? [] : (["data"] as const);
		const fds = (what.fds ?? own).map((fd) =>
			fd === "data" ? (data === undefined ? { fd: noFile } : { handle: data }) : fd,
		);
		const loaded = await loadLoader(this.client, what.insns, fds, what.counted ?? 0, what.signature);
		if (loaded.fd === undefined)
			return {
				stage: "load",
				errno: loaded.errno,
				...(loaded.log ? { log: loaded.log } : {}),
				maps: [],
				programs: [],
			};
		this.#handles.push(loaded.fd);
		this.#program = loaded.fd;
		if (what.run === false) return { stage: "loaded", errno: 0, maps: [], programs: [] };
		return this.#run(loaded.fd, what);
	}

	async #dataMap(
		map: DataMap,
		hashed: boolean,
	): Promise<{ handle: number } | { stage: Stage; errno: number }> {
		const { data, exclusiveTo, frozen = true, type = "array", maxEntries = 1 } = map;
		const made = await createMap(this.client, { type, valueSize: data.length, maxEntries, exclusiveTo });
		if (made.fd === undefined) return { stage: "map-create", errno: made.errno };
		this.#handles.push(made.fd);
		const written = await writeElement(this.client, made.fd, data);
		if (written.errno !== 0) return { stage: "map-fill", errno: written.errno };
		if (frozen) {
			const { errno } = await freezeMap(this.client, made.fd);
			if (errno !== 0) return { stage: "map-freeze", errno };
		}
		// The kernel computes the hash that the loader looks at when asked for it; a refusal shows
		// when the loader runs.
		if (hashed) await mapHash(this.client, made.fd);
		return { handle: made.fd };
	}

	async #run(program: number, { maps, programs, host }: Installation): Promise<Installed> {
		const { header, map, program: descriptor } = contextLayout;
		const context = Buffer.alloc(header + maps * map + programs * descriptor);
		context.writeUInt32LE(context.length, 0);
		const pointers = host?.(new DataView(context.buffer, context.byteOffset, context.length)) ?? [];
		const attr = Buffer.alloc(attrSize.testRun);
		attr.writeUInt32LE(context.length, 40);
		const blobs = [
			{ offset: 48, data: context, out: true },
			...pointers.map(({ offset, data }) => ({ offset, data, blob: 0 })),
		];
		const ran = await bpf(this.client, "prog_test_run", attr, blobs, [{ offset: 0, handle: program }]);
		const retval = Buffer.from(ran.attr).readInt32LE(4);
		const errno = ran.errno !== 0 ? ran.errno : retval < 0 ? -retval : 0;
		if (errno !== 0) return { stage: "run", errno, maps: [], programs: [] };
		const out = Buffer.from(ran.blobs[0] ?? []);
		const read = (count: number, start: number, size: number) =>
			Array.from({ length: count }, (_, index) => out.readInt32LE(start + index * size));
		return {
			stage: "installed",
			errno: 0,
			maps: read(maps, header, map),
			programs: read(programs, header + maps * map, descriptor),
		};
	}

	/** Closes the loader, its data and all that it made. */
	async close(): Promise<void> {
		const { adopted } = await this.client.call("fd_adopt", {});
		for (const { handle } of adopted) this.#handles.push(handle);
		for (const handle of this.#handles.reverse()) await this.client.call("close", { handle });
		this.#handles = [];
		this.#program = undefined;
	}
}

/** A key in a keyring, or the errno with which the kernel refuses it. */
export async function addKey(
	client: GuestClient,
	args: Args<"key_add">,
): Promise<{ serial: number } | { errno: number }> {
	try {
		return await client.call("key_add", args);
	} catch (error) {
		if (error instanceof GuestError) return { errno: error.errno };
		throw error;
	}
}

/** Installs and takes it all away again. */
export async function installOnce(client: GuestClient, what: Installation): Promise<Installed> {
	const installer = new Installer(client);
	try {
		return await installer.install(what);
	} finally {
		await installer.close();
	}
}
