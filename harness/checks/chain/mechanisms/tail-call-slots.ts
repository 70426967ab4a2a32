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

/** The type as which tail calls can call a program; an array takes programs of one such type. */
export function slotType({ section, meaning }: ProgramFacts): SlotType {
	if (meaning?.type === "xdp") return section.replace("?", "").startsWith("xdp.frags") ? "xdp.frags" : "xdp";
	const { attachType } = meaning ?? {};
	return attachType === undefined ? "tc" : (attachType.replace("_", "/") as SlotType);
}

/** What arrays hold for an entry: the recorder's program that records the packet and calls it. */
interface Slot {
	held: Held;
	id: number;
	entry: ChainEntry;
}

/** The recording slots of a chain's entries, each made when it is first needed. */
export class Slots {
	readonly #slots = new Map<number, Slot>();

	private constructor(
		private readonly programs: ChainPrograms,
		private readonly type: SlotType,
		/** An array like the root's that no program calls. */
		private readonly probe: Held & { handle: number },
	) {}

	/** @param root program whose tail calls reach all others */
	static async open(programs: ChainPrograms, root: Held, type: SlotType): Promise<Slots> {
		const { client } = programs.guest;
		const { errno, fd } = await bpf(client, "map_create", mapCreate("prog_array", {}));
		if (fd === undefined) throw new Error(`BPF_MAP_CREATE of a program array: ${errnoName(errno)}`);
		const slots = new Slots(programs, type, { handle: fd });
		// The first program of an array decides which others it takes.
		const taken = await client.call("bpf", slotUpdate(programs.guest, slots.probe, 0, root));
		if (taken.errno !== 0) throw new Error(`a program array refuses the root: ${errnoName(taken.errno)}`);
		return slots;
	}

	/** The program that calls the entry from an array. @throws RefusedEntry when refused */
	async of(entry: ChainEntry): Promise<Held> {
		const loaded = await this.programs.get(entry);
		const known = this.#slots.get(loaded.number);
		return known ? known.held : this.#make(loaded);
	}

	made(entry: ChainEntry): Held {
		const slot = this.#slots.get(this.programs.loaded(entry).number);
		if (!slot) throw new Error(`${entry.member.label} has no slot yet`);
		return slot.held;
	}

	/** The entry with this slot or program; the id itself of another program. */
	byProgram(id: number): ChainEntry | number {
		for (const slot of this.#slots.values()) if (slot.id === id) return slot.entry;
		return this.programs.byProgram(id);
	}

	/** The recorder closes the slots themselves. */
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
