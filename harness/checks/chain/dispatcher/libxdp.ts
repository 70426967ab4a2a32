// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errnoName } from "../../../base/errno.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { pins } from "./dispatcher-reader.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Where `build-libxdp.ts` puts the program for guests of an architecture. */
export function libxdpPath(arch: string): string {
	return join(root, "build/dispatcher", arch, "libxdp");
}

/** A program of type BPF_PROG_TYPE_EXT for a dispatcher. */
export interface XdpMember {
	id: number;
	/** Low first. */
	runPrio: number;
	/** Verdicts after which the next member runs. */
	proceed: ReadonlySet<number>;
	/** Its whole name; the kernel keeps only 15 letters of it. */
	name: string;
	/** File in the guest that it was loaded from. */
	path: string;
}

/** A request to libxdp: see libxdp.c. */
export type XdpRequest =
	| { do: "attach" | "add"; members: readonly XdpMember[] }
	| { do: "remove"; ids: readonly number[] }
	| { do: "replace"; id: number; by: XdpMember }
	| { do: "clear" };

/** The device whose dispatcher libxdp changes. */
export interface XdpDevice {
	ifindex: number;
	netns?: number;
}

const guestPath = "/run/bpfgate-libxdp";
/** By the clock of a guest, which runs fast on a busy machine; a request takes 50 ms. */
const timeoutMs = 120_000;

type GuestPart = Pick<Guest, "client" | "kernel">;

/** libxdp in a guest: everything that it does to one device. */
export class Libxdp {
	private constructor(
		private readonly guest: GuestPart,
		private readonly device: XdpDevice,
	) {}

	/** @throws UndecidedError `libxdp-missing` */
	static async open(guest: GuestPart, device: XdpDevice): Promise<Libxdp> {
		const { client, kernel } = guest;
		const path = libxdpPath(kernel.arch);
		const data = await readFile(path).catch((cause: unknown) => {
			throw undecided("libxdp-missing", { path }, { cause });
		});
		await client.call("file_write", { path: guestPath, data, mode: 0o755 });
		return new Libxdp(guest, device);
	}

	/** The agent's operation; its status is an errno. */
	request(request: XdpRequest): { op: "command_run"; args: Args<"command_run"> } {
		const { ifindex, netns } = this.device;
		const argv = [guestPath, request.do, `${ifindex}`, ...words(request)];
		return {
			op: "command_run",
			args: { argv, timeout_ms: timeoutMs, ...(netns === undefined ? {} : { netns }) },
		};
	}

	/** @returns libxdp's errno, 0: success @throws UndecidedError `libxdp-lost`: not finished */
	async do(request: XdpRequest): Promise<{ errno: number; said: string }> {
		const result = await this.guest.client.call("command_run", this.request(request).args);
		const said = Buffer.from(result.stderr).toString().trim();
		if (result.status !== undefined && !result.timed_out) return { errno: result.status, said };
		const ended = result.timed_out ? "timeout" : `signal ${result.signal}`;
		throw undecided("libxdp-lost", { request: request.do, ended, output: said });
	}

	/** Removes the dispatcher from the device. @throws UndecidedError `dispatcher-stuck` */
	async clear(): Promise<void> {
		const { errno, said } = await this.do({ do: "clear" });
		if (errno === 0) return;
		throw undecided("dispatcher-stuck", { errno: errnoName(errno), output: said });
	}

	async close(): Promise<void> {
		const { client } = this.guest;
		await client.call("file_remove", { path: guestPath });
		const { entries } = await client.call("dir_list", { path: dirname(pins) });
		if (entries.some(({ name }) => name === basename(pins))) await client.call("file_remove", { path: pins });
	}
}

function words(request: XdpRequest): string[] {
	if (request.do === "clear") return [];
	if (request.do === "remove") return request.ids.map(String);
	if (request.do === "replace") return [`${request.id}`, ...memberWords(request.by)];
	return request.members.flatMap(memberWords);
}

function memberWords({ id, runPrio, proceed, name, path }: XdpMember): string[] {
	const actions = [...proceed].reduce((bits, verdict) => bits | (1 << verdict), 0);
	return [id, runPrio, actions >>> 0, name, path].map(String);
}
