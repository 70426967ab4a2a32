// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import { bpf, mapCreate } from "../../../machine/guest/bpf-call.js";
import { programId } from "../../../machine/guest/bpf-objects.js";
import type { ChainEntry } from "../chain-entry.js";
import type { ChainPrograms, LoadedEntry } from "../chain-programs.js";
import { slotUpdate } from "../hook-list.js";
import { RefusedEntry } from "../mechanism.js";
import type { SlotType } from "../order-recorder.js";

/**
 * What a program can be called as by tail calls: the type and what of it an array is particular
 * about.
 */
export function slotType({ section, meaning }: ProgramFacts): SlotType {
	if (meaning?.type === "xdp") return section.replace("?", "").startsWith("xdp.frags") ? "xdp.frags" : "xdp";
	const { attachType } = meaning ?? {};
	return attachType === undefined ? "tc" : (attachType.replace("_", "/") as SlotType);
}

/**
 * A entry as it stands in arrays: behind a program of the recorder's, which tells of the packet and
 * goes on to the entry.
 */
interface Slot {
	held: Held;
	id: number;
	entry: ChainEntry;
}

/** The recording slots of the entries of a chain, each made when its entry is first asked for. */
export class Slots {
	readonly #slots = new Map<number, Slot>();

	private constructor(
		private readonly programs: ChainPrograms,
		private readonly type: SlotType,
		/** An array like the root's, in which nobody looks. */
		private readonly probe: Held & { handle: number },
	) {}

	/** @param root program whose tail calls lead to all others */
	static async open(programs: ChainPrograms, root: Held, type: SlotType): Promise<Slots> {
		const { client } = programs.guest;
		const { errno, fd } = await bpf(client, "map_create", mapCreate("prog_array", {}));
		if (fd === undefined) throw new Error(`BPF_MAP_CREATE of a program array: ${errnoName(errno)}`);
		const slots = new Slots(programs, type, { handle: fd });
		// The first program that an array has to do with says which others it takes.
		const taken = await client.call("bpf", slotUpdate(programs.guest, slots.probe, 0, root));
		if (taken.errno !== 0)
			throw new Error(`a program array does not take the root: ${errnoName(taken.errno)}`);
		return slots;
	}

	/**
	 * What to put into an array so that the entry is called.
	 *
	 * @throws RefusedEntry when no array that the root calls takes it
	 */
	async of(entry: ChainEntry): Promise<Held> {
		const loaded = await this.programs.get(entry);
		const known = this.#slots.get(loaded.number);
		return known ? known.held : this.#make(loaded);
	}

	/** What `of` has made before. */
	made(entry: ChainEntry): Held {
		const slot = this.#slots.get(this.programs.loaded(entry).number);
		if (!slot) throw new Error(`${entry.member.label} has no slot yet`);
		return slot.held;
	}

	/** Whose slot, or program, this is; the id itself of a stranger's. */
	byProgram(id: number): ChainEntry | number {
		for (const slot of this.#slots.values()) if (slot.id === id) return slot.entry;
		return this.programs.byProgram(id);
	}

	/** The slots themselves go with the recorder. */
	async close(): Promise<void> {
		await this.programs.guest.client.call("close", { handle: this.probe.handle });
	}

	async #make({ entry, held, number }: LoadedEntry): Promise<Held> {
		const { guest, recorder } = this.programs;
		const { errno } = await guest.client.call("bpf", slotUpdate(guest, this.probe, 0, held));
		if (errno !== 0) throw new RefusedEntry(entry, errno, "BPF_MAP_UPDATE_ELEM");
		const slot = await recorder.slot(number, this.type, held);
		this.#slots.set(number, { held: slot, id: await programId(guest.client, slot), entry });
		return slot;
	}
}
