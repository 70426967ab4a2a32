// SPDX-License-Identifier: Apache-2.0

import { commands } from "../../../base/bpf.js";
import { ENOENT } from "../../../base/errno.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import type { Args } from "../../../machine/guest/operations.js";
import { slotDelete, slotUpdate } from "../hook-list.js";
import { BuildError, type Built } from "../mechanism.js";
import type { Part } from "../part.js";
import type { Parts } from "../parts.js";
import type { Slots } from "./tail-call-slots.js";
import type { Recordable, Window } from "./tail-call-windows.js";

/** A program array: of the root, or a member's own. */
export type ProgArray = Held & { handle: number; map: string };

interface Step {
	op: "bpf";
	args: Args<"bpf">;
}

interface Context {
	parts: Parts;
	slots: Slots;
	/** Where the root looks for the first member. */
	root: ProgArray;
	/** Puts the root on its hook; what comes back takes it off. */
	attach: () => Promise<() => Promise<void>>;
}

/**
 * A chain as L3AF makes it (l3afd, bpfprogs/nfconfig.go): the root calls slot 0 of its array, and
 * each member slot 0 of its own. The members stand by their seq_id, of which the last needs no
 * array. Of a member that does not stand in the chain the array is empty, as that of a program just
 * loaded.
 */
export class TailCallChain implements Built, Recordable {
	readonly #standing: Part[] = [];
	/** Parts whose array may hold something. */
	readonly #touched = new Set<Part>();
	/** Parts that are called without a slot. */
	readonly #direct = new Set<Part>();
	#detach: (() => Promise<void>) | undefined;

	private constructor(private readonly context: Context) {}

	static async build(
		context: Context,
		order: readonly Part[],
		attaching: readonly number[] = [...order.keys()],
	): Promise<TailCallChain> {
		const chain = new TailCallChain(context);
		try {
			chain.#detach = await context.attach();
			for (const index of attaching) await chain.insert(order[index]!);
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	/**
	 * As the arrays lead from one to the next. Who comes again ends the list, for from there on it
	 * would come again and again.
	 */
	async configured(): Promise<(Part | number)[]> {
		const found: (Part | number)[] = [];
		let array: ProgArray | undefined = this.context.root;
		while (array) {
			const id = await this.#idIn(array);
			if (id === undefined) break;
			const part = this.context.slots.byProgram(id);
			const again = found.includes(part);
			found.push(part);
			array = again || typeof part === "number" ? undefined : this.#arrayOf(part);
		}
		return found;
	}

	get length(): number {
		return this.#standing.length;
	}

	/** Those outside of the window are called without a slot, and so not recorded. */
	async record({ from, to }: Window): Promise<void> {
		for (const [place, part] of this.#standing.entries()) {
			const direct = place < from || place >= to;
			if (direct === this.#direct.has(part)) continue;
			if (direct) this.#direct.add(part);
			else this.#direct.delete(part);
			await this.#do(part, this.#linkInto(place, part));
		}
	}

	/**
	 * The new one's array first: packets go on meeting the old chain until the one before it is
	 * told.
	 */
	async insert(part: Part): Promise<void> {
		await this.context.slots.of(part);
		const place = this.#standing.findIndex(({ member }) => member.priority > part.member.priority);
		const at = place < 0 ? this.#standing.length : place;
		await this.#do(part, [...this.#link(part, this.#standing[at]), ...this.#linkInto(at, part)]);
		this.#standing.splice(at, 0, part);
	}

	async remove(part: Part): Promise<void> {
		const at = this.#placeOf(part);
		const next = this.#standing[at + 1];
		await this.#do(part, next ? this.#linkInto(at, next) : this.#unlink(this.#before(at)));
		this.#standing.splice(at, 1);
		await this.#clear(part);
	}

	/**
	 * The slot that leads to it is deleted: the tail call of the one before it goes on behind the
	 * call.
	 */
	async lose(part: Part): Promise<void> {
		const at = this.#placeOf(part);
		await this.#do(part, this.#unlink(this.#before(at)));
		this.#standing.splice(at);
	}

	async replace(part: Part, by: Part): Promise<void> {
		await this.context.slots.of(by);
		await this.#do(by, this.replacing(part, by));
		this.#standing[this.#placeOf(part)] = by;
		await this.#clear(part);
	}

	/** Two slots, of which packets see only the second change. */
	replacing(part: Part, by: Part): Step[] {
		const at = this.#placeOf(part);
		return [...this.#link(by, this.#standing[at + 1]), ...this.#linkInto(at, by)];
	}

	/**
	 * L3AF stops the old program before it starts the new one, and tells that one last who comes
	 * after it (`VerifyNUpdateBPFProgram` on a change of version). The old one is gone with what it
	 * had.
	 */
	async replacingInSteps(part: Part, by: Part): Promise<Step[]> {
		const at = this.#placeOf(part);
		if (this.#standing[at] === part) await this.#clear(by);
		const next = this.#standing[at + 1];
		return [
			...this.#unlink(this.#before(at)),
			...this.#linkInto(at, by),
			...this.#link(by, next),
			...(next ? this.#unlink(this.#arrayOf(part)) : []),
		];
	}

	/** From the end to the front: what is linked already never leads back to what is not. */
	async reorder(parts: readonly Part[]): Promise<void> {
		const order = parts.toSorted((a, b) => a.member.priority - b.member.priority);
		for (const [index, part] of [...order.entries()].reverse()) {
			const next = order[index + 1];
			if (next) await this.#do(part, this.#link(part, next));
			else await this.#clear(part);
		}
		this.#standing.splice(0, this.#standing.length, ...order);
		if (order[0]) await this.#do(order[0], this.#linkInto(0, order[0]));
	}

	async close(): Promise<void> {
		await this.#detach?.();
		const arrays = [this.context.root, ...[...this.#touched].map((part) => this.#arrayOf(part))];
		for (const array of arrays) await this.#empty(array);
	}

	#placeOf({ member }: Part): number {
		const at = this.#standing.findIndex((each) => each.member === member);
		if (at < 0) throw new Error(`${member.label} does not stand in the chain`);
		return at;
	}

	/** The array that leads to the part at this place. */
	#before(at: number): ProgArray | undefined {
		const before = this.#standing[at - 1];
		return before ? this.#arrayOf(before) : this.context.root;
	}

	#arrayOf({ member, ...part }: Part): ProgArray | undefined {
		const map = typeof part.program === "object" ? "next" : member.next;
		return map === undefined ? undefined : { handle: this.context.parts.objectOf({ member, ...part }), map };
	}

	#link(part: Part, next: Part | undefined): Step[] {
		this.#touched.add(part);
		return next ? this.#put(this.#arrayOf(part), next) : [];
	}

	#linkInto(at: number, part: Part): Step[] {
		const before = this.#standing[at - 1];
		if (before) this.#touched.add(before);
		return this.#put(this.#before(at), part);
	}

	#put(array: ProgArray | undefined, part: Part): Step[] {
		const { parts, slots } = this.context;
		if (!array)
			throw new Error(`what comes before ${part.member.label} has no array, though it is not the last`);
		const called = this.#direct.has(part) ? parts.loaded(part).held : slots.made(part);
		return [{ op: "bpf", args: slotUpdate(parts.guest, array, 0, called) }];
	}

	#unlink(array: ProgArray | undefined): Step[] {
		return array ? [{ op: "bpf", args: slotDelete(this.context.parts.guest, array, 0) }] : [];
	}

	async #do(part: Part, steps: readonly Step[]): Promise<void> {
		for (const { op, args } of steps) {
			const { errno } = await this.context.parts.guest.client.call(op, args);
			if (errno !== 0) throw new BuildError(part, errno, `BPF_${commands.name(args.cmd).toUpperCase()}`);
		}
	}

	#clear(part: Part): Promise<void> {
		return this.#empty(this.#arrayOf(part));
	}

	async #empty(array: ProgArray | undefined): Promise<void> {
		for (const { op, args } of this.#unlink(array)) {
			const { errno } = await this.context.parts.guest.client.call(op, args);
			if (errno !== 0 && errno !== ENOENT) throw new Error(`slot 0 of ${array?.map} cannot be deleted`);
		}
	}

	async #idIn({ handle, map }: ProgArray): Promise<number | undefined> {
		const { client } = this.context.parts.guest;
		const { entries } = await client.call("map_dump", { object: handle, map });
		const word = ({ buffer, byteOffset }: Uint8Array) =>
			new DataView(buffer, byteOffset).getUint32(0, client.littleEndian);
		const slot = entries.find(({ key }) => word(key) === 0);
		return slot && word(slot.value);
	}
}
