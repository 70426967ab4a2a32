// SPDX-License-Identifier: Apache-2.0
import { BpfAttr, type Held } from "../../machine/guest/bpf-attr.js";
import { bpf } from "../../machine/guest/bpf-call.js";
import { infoOf, openById } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { Effect } from "./technique.js";

/** A map of a loaded object; its sizes are the kernel's (struct bpf_map_info). */
interface MapSubject {
	name: string;
	keySize: number;
	valueSize: number;
	maxEntries: number;
	/** The owner's handle of its object. */
	object: number;
}

type Entry = { key: Uint8Array; value: Uint8Array };

/** BPF_MAP_UPDATE_ELEM's flags. */
const BPF_NOEXIST = 1;

/** A map that is to be changed by another than its owner, who found it by its id. */
export class MapStage {
	private constructor(
		readonly guest: Guest,
		readonly map: MapSubject,
		/** Of the process that is not the owner. */
		private readonly other: number,
		/** What the owner sees before. */
		readonly before: readonly Entry[],
	) {}

	/** @param object the owner's handle of the map's object */
	static async open(guest: Guest, object: number, name: string, id: number): Promise<MapStage> {
		const other = await openById(guest.client, "map", id);
		if (other === undefined) throw new Error(`map ${id} is gone`);
		const { info } = await infoOf(guest.client, { handle: other }, 20);
		const map = { name, object, keySize: info.u32(8), valueSize: info.u32(12), maxEntries: info.u32(16) };
		return new MapStage(guest, map, other, await entries(guest, map));
	}

	/** As another process. @returns errno */
	write(key: Uint8Array, value: Uint8Array): Promise<number> {
		return this.#update({ handle: this.other }, key, value, 0);
	}

	/** As another process: a program into a program array. @returns errno */
	async writeProgram(key: Uint8Array, program: Held): Promise<number> {
		const attr = new BpfAttr(32).fd(0, { handle: this.other }).pointer(8, key).fds(16, [program]);
		return (await bpf(this.guest.client, "map_update_elem", attr)).errno;
	}

	/** As another process: only a key that is not there. @returns errno */
	add(key: Uint8Array, value: Uint8Array): Promise<number> {
		return this.#update({ handle: this.other }, key, value, BPF_NOEXIST);
	}

	/** As another process. @returns errno */
	async remove(key: Uint8Array): Promise<number> {
		const attr = new BpfAttr(32).fd(0, { handle: this.other }).pointer(8, key);
		return (await bpf(this.guest.client, "map_delete_elem", attr)).errno;
	}

	/** As another process: BPF_MAP_FREEZE. @returns errno */
	async freeze(): Promise<number> {
		const attr = new BpfAttr(4).fd(0, { handle: this.other });
		return (await bpf(this.guest.client, "map_freeze", attr)).errno;
	}

	/** As the owner. @returns errno */
	ownWrite(key: Uint8Array, value: Uint8Array): Promise<number> {
		return this.#update({ handle: this.map.object, map: this.map.name }, key, value, 0);
	}

	/** Whether the owner sees other contents than before. */
	async changed(): Promise<Effect> {
		const now = await entries(this.guest, this.map);
		const differing = [...difference(this.before, now), ...difference(now, this.before)];
		const keys = new Set(differing.map(({ key }) => hex(key)));
		return { took: keys.size > 0, shown: `its owner reads other values under ${keys.size} keys` };
	}

	/** A key that begins with this number, and else has zeroes. */
	key(number: number): Uint8Array {
		const key = new Uint8Array(this.map.keySize);
		new DataView(key.buffer).setUint32(0, number, this.guest.client.littleEndian);
		return key;
	}

	async #update(held: Held, key: Uint8Array, value: Uint8Array, flags: number): Promise<number> {
		const attr = new BpfAttr(32).fd(0, held).pointer(8, key).pointer(16, value).u64(24, BigInt(flags));
		return (await bpf(this.guest.client, "map_update_elem", attr)).errno;
	}
}

async function entries({ client }: Guest, { object, name }: MapSubject): Promise<Entry[]> {
	return (await client.call("map_dump", { object, map: name })).entries;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Entries that the other list does not have alike. */
function difference(of: readonly Entry[], other: readonly Entry[]): Entry[] {
	const values = new Map(other.map(({ key, value }) => [hex(key), hex(value)]));
	return of.filter(({ key, value }) => values.get(hex(key)) !== hex(value));
}
