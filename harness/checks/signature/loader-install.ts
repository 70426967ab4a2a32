// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import type { Loader } from "../../data/signing/loader/generate.js";
import { contextLayout } from "../../data/signing/loader/harden.js";
import { BpfAttr } from "../../machine/guest/bpf-attr.js";
import { bpf, progLoad, progLoadSize } from "../../machine/guest/bpf-call.js";
import { createMap, freezeMap, mapHash, writeElement } from "../../machine/guest/bpf-maps.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Result } from "../../machine/guest/operations.js";

/**
 * Where an installation by a loader ended: at the step that was refused; at `loaded` when the
 * loader was loaded and not to be run; at `installed` when it ran and did its work.
 */
export type Step =
	| "key"
	| "hash"
	| "map-create"
	| "map-fill"
	| "map-freeze"
	| "load"
	| "run"
	| "loaded"
	| "installed";

/** The loader's metadata map. The defaults are what an honest host passes. */
export interface DataMap {
	data: Uint8Array;
	/** `excl_prog_hash`; without it other programs can use the map too. */
	exclusiveTo?: Uint8Array | undefined;
	/** Default true. */
	frozen?: boolean;
	/** Kernel's name of the map type; default `array`. */
	type?: string;
	/** Default 1. */
	maxEntries?: number;
}

export interface Signature {
	bytes: Uint8Array;
	/** `signature_size`; default: that of the bytes. */
	size?: number;
	keyring: number;
}

export interface Installation {
	insns: Uint8Array;
	dataMap?: DataMap | undefined;
	signature?: Signature | undefined;
	/** `fd_array`; default: the metadata map alone. */
	fds?: readonly (Fd | "data")[];
	/** `fd_array_cnt` */
	counted?: number;
	/** Number of maps and programs that the loader's context describes. */
	maps: number;
	programs: number;
	/** Fills in the context that the host controls; returns what its pointers point to. */
	host?: (context: DataView) => { offset: number; data: Uint8Array }[];
	/** Asks the kernel for the map's hash, which loaders of contract `insns` compare. */
	hashed?: boolean;
	/** Called when the loader was loaded, before it runs. @param program its handle */
	beforeRun?: (program: number) => Promise<void>;
	/** False: load the loader without running it. Large objects take seconds to install in TCG. */
	run?: boolean;
}

/** A descriptor that the agent holds, or a number. */
export type Fd = { handle: number } | { fd: number };

export interface InstallResult {
	step: Step;
	/** Of the refusal; 0 when loaded or installed. */
	errno: number;
	/** Last line of the verifier's log that is not a statistic. */
	log?: string;
	/** Descriptors that the loader created, in the order of its context; 0: not created. */
	maps: number[];
	programs: number[];
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

/** How an honest host runs a loader without a signature. */
export function unsignedInstallation(loader: Loader, exclusive: boolean): Installation {
	const { contract, insns, data, maps, programs } = loader;
	return {
		insns,
		dataMap: { data, exclusiveTo: exclusive ? sha256(insns) : undefined },
		hashed: contract !== "insns-maps",
		maps: maps.length,
		programs: programs.length,
	};
}

/** The same with a signature. */
export function signedInstallation(loader: Loader, cms: Uint8Array, keyring: number): Installation {
	return {
		...unsignedInstallation(loader, true),
		signature: { bytes: cms, keyring },
		counted: loader.contract === "insns-maps" ? 1 : 0,
	};
}

const logBytes = 16 * 1024;
/** Messages and statistics only: the instructions of a loader would fill any log (ENOSPC). */
const BPF_LOG_STATS = 4;
const BPF_F_SLEEPABLE = 1 << 4;
const noFile = 0x7fffffff;
/** Names of the loader in lists of programs and maps, as libbpf's skel_internal.h gives them. */
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
	return { ...result, log: lastMessage(Buffer.from(result.blobs[2] ?? []).toString("latin1")) };
}

/** The verifier's last message, without the statistics that may follow it. */
function lastMessage(log: string): string {
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

/** Installs as libbpf's skel_internal.h does; all objects stay until `close`. */
export class Installer {
	#handles: number[] = [];
	#program: number | undefined;

	constructor(private readonly client: GuestClient) {}

	/** Handle of the last loader that was loaded. */
	get program(): number | undefined {
		return this.#program;
	}

	/** Handles to close with the rest. */
	keep(handles: readonly number[]): void {
		this.#handles.push(...handles);
	}

	async install(what: Installation): Promise<InstallResult> {
		const { dataMap } = what;
		let data: number | undefined;
		if (dataMap) {
			const made = await this.#dataMap(dataMap, what.hashed ?? false);
			if ("step" in made) return { ...made, maps: [], programs: [] };
			data = made.handle;
		}
		const own = data === undefined ? [] : (["data"] as const);
		const fds = (what.fds ?? own).map((fd) =>
			fd === "data" ? (data === undefined ? { fd: noFile } : { handle: data }) : fd,
		);
		const loaded = await loadLoader(this.client, what.insns, fds, what.counted ?? 0, what.signature);
		if (loaded.fd === undefined)
			return {
				step: "load",
				errno: loaded.errno,
				...(loaded.log ? { log: loaded.log } : {}),
				maps: [],
				programs: [],
			};
		this.#handles.push(loaded.fd);
		this.#program = loaded.fd;
		await what.beforeRun?.(loaded.fd);
		if (what.run === false) return { step: "loaded", errno: 0, maps: [], programs: [] };
		return this.#run(loaded.fd, what);
	}

	async #dataMap(map: DataMap, hashed: boolean): Promise<{ handle: number } | { step: Step; errno: number }> {
		const { data, exclusiveTo, frozen = true, type = "array", maxEntries = 1 } = map;
		const { map: name } = names;
		const made = await createMap(this.client, {
			type,
			valueSize: data.length,
			maxEntries,
			exclusiveTo,
			name,
		});
		if (made.fd === undefined) return { step: "map-create", errno: made.errno };
		this.#handles.push(made.fd);
		const written = await writeElement(this.client, made.fd, data);
		if (written.errno !== 0) return { step: "map-fill", errno: written.errno };
		if (frozen) {
			const { errno } = await freezeMap(this.client, made.fd);
			if (errno !== 0) return { step: "map-freeze", errno };
		}
		// The kernel computes the hash on request only. A refusal shows when the loader compares
		// it.
		if (hashed) await mapHash(this.client, made.fd);
		return { handle: made.fd };
	}

	async #run(program: number, { maps, programs, host }: Installation): Promise<InstallResult> {
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
		if (errno !== 0) return { step: "run", errno, maps: [], programs: [] };
		const out = Buffer.from(ran.blobs[0] ?? []);
		const read = (count: number, start: number, size: number) =>
			Array.from({ length: count }, (_, index) => out.readInt32LE(start + index * size));
		return {
			step: "installed",
			errno: 0,
			maps: read(maps, header, map),
			programs: read(programs, header + maps * map, descriptor),
		};
	}

	/** Closes the loader, its metadata map and everything that it created. */
	async close(): Promise<void> {
		const { adopted } = await this.client.call("fd_adopt", {});
		for (const { handle } of adopted) this.#handles.push(handle);
		for (const handle of this.#handles.reverse()) await this.client.call("close", { handle });
		this.#handles = [];
		this.#program = undefined;
	}
}

/** Installs, and closes everything again. */
export async function installOnce(client: GuestClient, what: Installation): Promise<InstallResult> {
	const installer = new Installer(client);
	try {
		return await installer.install(what);
	} finally {
		await installer.close();
	}
}
