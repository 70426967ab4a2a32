// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import { bpf, mapCreate } from "../../../machine/guest/bpf-call.js";
import { programId } from "../../../machine/guest/bpf-objects.js";
import { slotUpdate } from "../hook-list.js";
import { BuildError } from "../mechanism.js";
import type { Part } from "../part.js";
import type { LoadedPart, Parts } from "../parts.js";
import type { SlotType } from "../recorder.js";

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
 * A part as it stands in arrays: behind a program of the recorder's, which tells of the packet and
 * goes on to the part.
 */
interface Slot {
	held: Held;
	id: number;
	part: Part;
}

/** The recording slots of the parts of a chain, each made when its part is first asked for. */
export class Slots {
	readonly #slots = new Map<number, Slot>();

	private constructor(
		private readonly parts: Parts,
		private readonly type: SlotType,
		/** An array like the root's, in which nobody looks. */
		private readonly probe: Held & { handle: number },
	) {}

	/** @param root program whose tail calls lead to all others */
	static async open(parts: Parts, root: Held, type: SlotType): Promise<Slots> {
		const { client } = parts.guest;
		const { errno, fd } = await bpf(client, "map_create", mapCreate("prog_array", {}));
		if (fd === undefined) throw new Error(`BPF_MAP_CREATE of a program array: ${errnoName(errno)}`);
		const slots = new Slots(parts, type, { handle: fd });
		// The first program that an array has to do with says which others it takes.
		const taken = await client.call("bpf", slotUpdate(parts.guest, slots.probe, 0, root));
		if (taken.errno !== 0)
			throw new Error(`a program array does not take the root: ${errnoName(taken.errno)}`);
		return slots;
	}

	/**
	 * What to put into an array so that the part is called.
	 *
	 * @throws BuildError when no array that the root calls takes it
	 */
	async of(part: Part): Promise<Held> {
		const loaded = await this.parts.get(part);
		const known = this.#slots.get(loaded.number);
		return known ? known.held : this.#make(loaded);
	}

	/** What `of` has made before. */
	made(part: Part): Held {
		const slot = this.#slots.get(this.parts.loaded(part).number);
		if (!slot) throw new Error(`${part.member.label} has no slot yet`);
		return slot.held;
	}

	/** Whose slot, or program, this is; the id itself of a stranger's. */
	byProgram(id: number): Part | number {
		for (const slot of this.#slots.values()) if (slot.id === id) return slot.part;
		return this.parts.byProgram(id);
	}

	/** The slots themselves go with the recorder. */
	async close(): Promise<void> {
		await this.parts.guest.client.call("close", { handle: this.probe.handle });
	}

	async #make({ part, held, number }: LoadedPart): Promise<Held> {
		const { guest, recorder } = this.parts;
		const { errno } = await guest.client.call("bpf", slotUpdate(guest, this.probe, 0, held));
		if (errno !== 0) throw new BuildError(part, errno, "BPF_MAP_UPDATE_ELEM");
		const slot = await recorder.slot(number, this.type, held);
		this.#slots.set(number, { held: slot, id: await programId(guest.client, slot), part });
		return slot;
	}
}
