// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errnoName } from "../../../base/errno.js";
import { UndecidedError } from "../../../base/errors.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { pins } from "./configured.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Where `build.ts` puts the program for guests of an architecture. */
export function libxdpPath(arch: string): string {
	return join(root, "build/dispatcher", arch, "libxdp");
}

/** A program of type BPF_PROG_TYPE_EXT that is to be a dispatcher's member. */
export interface XdpMember {
	id: number;
	/** Low first. */
	runPrio: number;
	/** Verdicts after which the next has its turn. */
	proceed: ReadonlySet<number>;
	/** Its whole name, of which the kernel keeps 15 letters. */
	name: string;
	/** File in the guest that it was loaded from. */
	path: string;
}

/** What libxdp is asked for: see libxdp.c. */
export type XdpRequest =
	| { do: "attach" | "add"; members: readonly XdpMember[] }
	| { do: "remove"; ids: readonly number[] }
	| { do: "replace"; id: number; by: XdpMember }
	| { do: "clear" };

/** A device as libxdp is told of it. */
export interface XdpDevice {
	ifindex: number;
	netns?: number;
}

const guestPath = "/run/bpfgate-libxdp";
/** By the clock of a guest, which runs fast on a machine that is busy; it takes 50 ms. */
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
			throw new UndecidedError(
				"libxdp-missing",
				`${path}: is not built, and without libxdp there is no dispatcher`,
				"install libxdp-dev (Fedora: libxdp-devel libxdp-static) and run ci/setup",
				{ cause },
			);
		});
		await client.call("file_write", { path: guestPath, data, mode: 0o755 });
		return new Libxdp(guest, device);
	}

	/** What the agent is asked for; it ends with an errno as its status. */
	request(request: XdpRequest): { op: "command_run"; args: Args<"command_run"> } {
		const { ifindex, netns } = this.device;
		const argv = [guestPath, request.do, `${ifindex}`, ...words(request)];
		return {
			op: "command_run",
			args: { argv, timeout_ms: timeoutMs, ...(netns === undefined ? {} : { netns }) },
		};
	}

	/**
	 * @returns libxdp's errno, 0 when it was done
	 * @throws UndecidedError `libxdp-lost` when it did not come to its end
	 */
	async do(request: XdpRequest): Promise<{ errno: number; said: string }> {
		const result = await this.guest.client.call("command_run", this.request(request).args);
		const said = Buffer.from(result.stderr).toString().trim();
		if (result.status !== undefined && !result.timed_out) return { errno: result.status, said };
		throw new UndecidedError(
			"libxdp-lost",
			`libxdp did not come to its end (${result.timed_out ? "time ran out" : `signal ${result.signal}`}): ${request.do} ${said}`,
			"report it, with the package and the kernel",
		);
	}

	/**
	 * Takes the dispatcher off the device, whatever became of it.
	 *
	 * @throws UndecidedError `dispatcher-stuck`
	 */
	async clear(): Promise<void> {
		const { errno, said } = await this.do({ do: "clear" });
		if (errno === 0) return;
		throw new UndecidedError(
			"dispatcher-stuck",
			`libxdp cannot take its dispatcher off: ${errnoName(errno)} ${said}`,
			"report it, with the package and the kernel",
		);
	}

	/** Takes away what it keeps in the guest beside dispatchers. */
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
