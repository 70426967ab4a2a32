// SPDX-License-Identifier: Apache-2.0

import { commands } from "../../../base/bpf.js";
import { ENOENT, errnoName } from "../../../base/errno.js";
import { readText } from "../../../machine/features/files.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import { openById, pin } from "../../../machine/guest/bpf-objects.js";
import { type GuestClient, GuestError } from "../../../machine/guest/client.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { artifact, type GatekeeperName, isHardened, objectFile } from "./artifacts.js";
import { encodeSettings, type Settings } from "./gatekeeper-settings.js";

interface Decision {
	/** `prog_load`, `map_create` ... */
	command: string;
	/** Thread group id of who asked. */
	tgid: number;
	admitted: boolean;
	/** The kernel verified a signature; false of other loads, and where none is looked at. */
	verified: boolean;
	/** `enum bpf_sig_keyring`: 0 none, 1 builtin, 2 secondary, 3 platform, 4 user. */
	keyring_type: number;
	keyring_serial: number;
	/** A BPF program asked, with bpf_sys_bpf(). */
	by_program: boolean;
}

const size = 32;

/** One event of the ring buffer: `struct decision` of bpf/decision.h. */
export function parseDecision(event: Uint8Array, littleEndian: boolean): Decision {
	if (event.length !== size) throw new Error(`a decision has ${size} bytes, this one ${event.length}`);
	const view = new DataView(event.buffer, event.byteOffset, size);
	const u32 = (offset: number) => view.getUint32(offset, littleEndian);
	return {
		command: commands.names[u32(0)] ?? `command ${u32(0)}`,
		tgid: u32(4),
		admitted: view.getInt32(8, littleEndian) === 0,
		verified: u32(12) === 1,
		keyring_type: u32(16),
		keyring_serial: view.getInt32(20, littleEndian),
		by_program: u32(24) !== 0,
	};
}

/** Where a hardened gatekeeper's links are pinned: a bpffs of its own. */
export const pinFolder = "/run/bpfgate-pins";

/** The kernel or libbpf refuses the gatekeeper. */
export class GatekeeperRefused extends Error {
	override name = "GatekeeperRefused";
}

/** Where a gatekeeper is installed. */
export interface GatekeeperPlace {
	guest: Guest;
	name: GatekeeperName;
	/** Folder with the gatekeeper's object; default: what `ci/setup` builds. */
	folder?: string;
}

/** A gatekeeper that is attached in a guest. */
export class Gatekeeper {
	private constructor(
		private readonly guest: Guest,
		private readonly object: number,
		/** Its links by program: the agent's handle, and the kernel's id. */
		readonly links: ReadonlyMap<string, { handle: number; id: number }>,
		/** Ids of its maps by name. */
		readonly maps: ReadonlyMap<string, number>,
	) {}

	/**
	 * Loads and attaches it. A hardened one is pinned too, in a bpffs that cannot be unmounted from
	 * then on.
	 * @throws GatekeeperRefused with the kernel's reason; UndecidedError `not-built`
	 */
	static async install({ guest, name, folder }: GatekeeperPlace, settings: Settings): Promise<Gatekeeper> {
		const { client, kernel } = guest;
		const hardened = isHardened(name);
		const path = `/run/${objectFile(name)}`;
		await client.call("file_write", { path, data: await artifact(kernel.arch, objectFile(name), folder) });
		const pins = hardened ? await mountPins(client) : undefined;
		const initial_value = encodeSettings({ ...settings, ...(pins ? { pins } : {}) }, client.littleEndian);
		const map = hardened ? ".rodata.settings" : ".data.settings";
		const opened = await client.call("object_open", { path, maps: [{ name: map, initial_value }] });
		const { object } = opened;
		const loaded = await client.call("object_load", { object, log_level: 1, log_bytes: 2048 });
		if (loaded.errno !== 0) {
			await client.call("object_close", { object });
			const log = loaded.programs.find(({ errno }) => errno !== 0)?.log || loaded.log;
			throw new GatekeeperRefused(
				`${errnoName(loaded.errno)}: ${log.trim().split("\n").slice(-3).join("; ")}`,
			);
		}
		await client.call("events_watch", { object, map: "decisions" });
		const links = new Map<string, { handle: number; id: number }>();
		// Programs that decide are attached last: from then on they decide about attaching as well.
		const last = ["admit", "keep_hooks"];
		const programs = opened.programs.map((program) => program.name);
		const order = (program: string) => last.indexOf(program);
		for (const program of programs.sort((a, b) => order(a) - order(b))) {
			const link = await client.call("attach", { object, program, hook: "auto" }).catch((cause: unknown) => {
				if (cause instanceof GuestError)
					throw new GatekeeperRefused(`${program}: ${cause.message}`, { cause });
				throw cause;
			});
			links.set(program, { handle: link.link, id: link.id ?? 0 });
			if (hardened) await pinLink(client, link.id ?? 0, `${pinFolder}/${program}`);
		}
		const maps = new Map(loaded.maps.map(({ name, id }) => [name, id ?? 0]));
		return new Gatekeeper(guest, object, links, maps);
	}

	get settingsMap(): number {
		return [...this.maps].find(([name]) => name.endsWith(".settings"))?.[1] ?? 0;
	}

	/** Its decisions since the last call. */
	async decisions(): Promise<Decision[]> {
		const { events } = await this.guest.client.call("events_drain", {
			object: this.object,
			map: "decisions",
		});
		return events.map((event) => parseDecision(event, this.guest.client.littleEndian));
	}

	/** Writes an entry of one of its maps, as the process that loaded it. */
	async write(map: string, key: Uint8Array, value: Uint8Array): Promise<void> {
		await this.guest.client.call("map_write", { object: this.object, map, entries: [{ key, value }] });
	}

	/** Closes the descriptors of the process that loaded it, as the end of that process does. */
	async abandon(): Promise<void> {
		for (const { handle } of this.links.values()) await this.guest.client.call("detach", { link: handle });
		await this.guest.client.call("object_close", { object: this.object });
	}
}

/** The device number of the new mount. */
async function mountPins(client: GuestClient): Promise<{ major: number; minor: number }> {
	await client.call("mount", { source: "bpf", target: pinFolder, fstype: "bpf" });
	const mounts = (await readText(client, "/proc/self/mountinfo")) ?? "";
	const found = mounts.split("\n").find((line) => line.split(" ")[4] === pinFolder);
	const [major, minor] = found?.split(" ")[2]?.split(":").map(Number) ?? [];
	if (major === undefined || minor === undefined) throw new Error(`${pinFolder} is not mounted`);
	return { major, minor };
}

async function pinLink(client: GuestClient, id: number, path: string): Promise<void> {
	const handle = await openById(client, "link", id);
	if (handle === undefined) throw new GatekeeperRefused(`its link: ${errnoName(ENOENT)}`);
	await pinHandle(client, { handle }, path);
	await client.call("close", { handle });
}

/** BPF_OBJ_PIN. @throws GatekeeperRefused when the kernel refuses */
export async function pinHandle(client: GuestClient, held: Held, path: string): Promise<void> {
	const errno = await pin(client, held, path);
	if (errno !== 0) throw new GatekeeperRefused(`pin ${path}: ${errnoName(errno)}`);
}
