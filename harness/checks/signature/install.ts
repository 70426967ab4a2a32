// SPDX-License-Identifier: Apache-2.0

import { contextLayout } from "../../data/signing/loader/harden.js";
import { BpfAttr } from "../../machine/guest/bpf-attr.js";
import { bpf, progLoad, progLoadSize } from "../../machine/guest/bpf-call.js";
import { createMap, freezeMap, mapHash, writeElement } from "../../machine/guest/bpf-maps.js";
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

const logBytes = 16 * 1024;
/**
 * Messages and statistics, and not each instruction: what loaders have would fill any log (ENOSPC).
 */
const BPF_LOG_STATS = 4;
const BPF_F_SLEEPABLE = 1 << 4;
const noFile = 0x7fffffff;
/** Tells what the loader's program is, in lists of programs. */
const names = { map: "__loader.map", program: "__loader.prog" };

/** BPF_PROG_LOAD of a loader. */
export async function loadLoader(
	client: GuestClient,
	insns: Uint8Array,
	fds: readonly Fd[],
	counted: number,
	signature?: Signature,
): Promise<Result<"bpf"> & { log: string }> {
	const size = signature || counted > 0 ? progLoadSize.signed : progLoadSize.unsigned;
	const attr = progLoad("syscall", insns, size)
		.u32(24, BPF_LOG_STATS)
		.u32(28, logBytes)
		.pointer(32, new Uint8Array(logBytes), true)
		.u32(44, BPF_F_SLEEPABLE)
		.text(48, names.program);
	if (fds.length > 0)
		attr.fds(
			120,
			fds.map((fd) => ("fd" in fd ? fd.fd : fd)),
		);
	if (counted > 0) attr.u32(148, counted);
	if (signature)
		attr
			.pointer(152, signature.bytes)
			.u32(160, signature.size ?? signature.bytes.length)
			.s32(164, signature.keyring);
	const result = await bpf(client, "prog_load", attr);
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
		const { map: name } = names;
		const made = await createMap(this.client, {
			type,
			valueSize: data.length,
			maxEntries,
			exclusiveTo,
			name,
		});
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
		const attr = new BpfAttr(80)
			.fd(0, { handle: program })
			.u32(40, context.length)
			.pointer(48, context, true);
		for (const { offset, data } of pointers) attr.pointerIn(0, offset, data, false);
		const ran = await bpf(this.client, "prog_test_run", attr);
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
