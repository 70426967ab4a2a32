// SPDX-License-Identifier: Apache-2.0

import { commands } from "../../../base/bpf.js";
import { ENOENT } from "../../../base/errno.js";
import type { Held } from "../../../machine/guest/bpf-attr.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { ChainEntry } from "../chain-entry.js";
import type { ChainPrograms } from "../chain-programs.js";
import type { Detach } from "../hook-attachment.js";
import { slotDelete, slotUpdate } from "../hook-list.js";
import { type AttachedChain, RefusedEntry } from "../mechanism.js";
import type { Slots } from "./tail-call-slots.js";
import type { Recordable, Window } from "./tail-call-windows.js";

/** A program array, of the root or of a member. */
export type ProgArray = Held & { handle: number; map: string };

interface Step {
	op: "bpf";
	args: Args<"bpf">;
}

interface Context {
	programs: ChainPrograms;
	slots: Slots;
	/** The array from which the root calls the first member. */
	root: ProgArray;
	attachRoot: () => Promise<Detach>;
}

/**
 * A chain as L3AF makes it (l3afd, bpfprogs/nfconfig.go): the root calls slot 0 of its array, and
 * each member slot 0 of its own. Members are ordered by their seq_id; the last needs no array. The
 * array of a member outside of the chain is empty, like that of a program just loaded.
 */
export class TailCallChain implements AttachedChain, Recordable {
	readonly #entries: ChainEntry[] = [];
	/** Entries whose array may hold something. */
	readonly #touched = new Set<ChainEntry>();
	/** Entries that are called without a slot. */
	readonly #direct = new Set<ChainEntry>();
	#detachRoot: Detach | undefined;

	private constructor(private readonly context: Context) {}

	static async attach(
		context: Context,
		order: readonly ChainEntry[],
		attaching: readonly number[] = [...order.keys()],
	): Promise<TailCallChain> {
		const chain = new TailCallChain(context);
		try {
			chain.#detachRoot = await context.attachRoot();
			for (const index of attaching) await chain.insert(order[index]!);
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	/** As the arrays lead from entry to entry; a loop ends at the entry that is found again. */
	async configured(): Promise<(ChainEntry | number)[]> {
		const found: (ChainEntry | number)[] = [];
		let array: ProgArray | undefined = this.context.root;
		while (array) {
			const id = await this.#idIn(array);
			if (id === undefined) break;
			const entry = this.context.slots.byProgram(id);
			const again = found.includes(entry);
			found.push(entry);
			array = again || typeof entry === "number" ? undefined : this.#arrayOf(entry);
		}
		return found;
	}

	get length(): number {
		return this.#entries.length;
	}

	/** Entries outside of the window are called without a slot, so they are not recorded. */
	async record({ from, to }: Window): Promise<void> {
		for (const [place, entry] of this.#entries.entries()) {
			const direct = place < from || place >= to;
			if (direct === this.#direct.has(entry)) continue;
			if (direct) this.#direct.add(entry);
			else this.#direct.delete(entry);
			await this.#do(entry, this.#linkInto(place, entry));
		}
	}

	/** The new entry's array first: packets meet the old chain until the one before is changed. */
	async insert(entry: ChainEntry): Promise<void> {
		await this.context.slots.of(entry);
		const place = this.#entries.findIndex(({ member }) => member.priority > entry.member.priority);
		const at = place < 0 ? this.#entries.length : place;
		await this.#do(entry, [...this.#link(entry, this.#entries[at]), ...this.#linkInto(at, entry)]);
		this.#entries.splice(at, 0, entry);
	}

	async remove(entry: ChainEntry): Promise<void> {
		const at = this.#positionOf(entry);
		const next = this.#entries[at + 1];
		await this.#do(entry, next ? this.#linkInto(at, next) : this.#unlink(this.#before(at)));
		this.#entries.splice(at, 1);
		await this.#clear(entry);
	}

	/** Deletes the slot that leads to it: the tail call of the entry before falls through. */
	async detach(entry: ChainEntry): Promise<void> {
		const at = this.#positionOf(entry);
		await this.#do(entry, this.#unlink(this.#before(at)));
		this.#entries.splice(at);
	}

	async replace(entry: ChainEntry, by: ChainEntry): Promise<void> {
		await this.context.slots.of(by);
		await this.#do(by, this.replacement(entry, by));
		this.#entries[this.#positionOf(entry)] = by;
		if (!this.#sharesArray(entry, by)) await this.#clear(entry);
	}

	/** Changes two slots; packets can see only the second change. */
	replacement(entry: ChainEntry, by: ChainEntry): Step[] {
		const at = this.#positionOf(entry);
		return [...this.#link(by, this.#entries[at + 1]), ...this.#linkInto(at, by)];
	}

	/** L3AF stops the old program first, and with it its maps (`VerifyNUpdateBPFProgram`). */
	async stepwiseReplacement(entry: ChainEntry, by: ChainEntry): Promise<Step[]> {
		const at = this.#positionOf(entry);
		const shared = this.#sharesArray(entry, by);
		if (this.#entries[at] === entry && !shared) await this.#clear(by);
		const next = this.#entries[at + 1];
		return [
			...this.#unlink(this.#before(at)),
			...this.#linkInto(at, by),
			...this.#link(by, next),
			...(next && !shared ? this.#unlink(this.#arrayOf(entry)) : []),
		];
	}

	/** From the last entry to the first, so that the arrays never form a loop. */
	async reorder(entries: readonly ChainEntry[]): Promise<void> {
		const order = entries.toSorted((a, b) => a.member.priority - b.member.priority);
		for (const [index, entry] of [...order.entries()].reverse()) {
			const next = order[index + 1];
			if (next) await this.#do(entry, this.#link(entry, next));
			else await this.#clear(entry);
		}
		this.#entries.splice(0, this.#entries.length, ...order);
		if (order[0]) await this.#do(order[0], this.#linkInto(0, order[0]));
	}

	async close(): Promise<void> {
		await this.#detachRoot?.();
		const arrays = [this.context.root, ...[...this.#touched].map((entry) => this.#arrayOf(entry))];
		for (const array of arrays) await this.#empty(array);
	}

	#positionOf({ member }: ChainEntry): number {
		const at = this.#entries.findIndex((each) => each.member === member);
		if (at < 0) throw new Error(`${member.label} is not in the chain`);
		return at;
	}

	/** The array that leads to the entry at this position. */
	#before(at: number): ProgArray | undefined {
		const before = this.#entries[at - 1];
		return before ? this.#arrayOf(before) : this.context.root;
	}

	#arrayOf({ member, ...entry }: ChainEntry): ProgArray | undefined {
		const map = typeof entry.program === "object" ? "next" : member.next;
		return map === undefined
			? undefined
			: { handle: this.context.programs.loaded({ member, ...entry }).held.handle, map };
	}

	/** Where the second load of a member reuses the first one's pinned array. */
	#sharesArray({ member, ...entry }: ChainEntry, by: ChainEntry): boolean {
		const loads = [entry.program, by.program].every((program) => typeof program === "string");
		return loads && member.next !== undefined && this.context.programs.reuses(member.object, member.next);
	}

	#link(entry: ChainEntry, next: ChainEntry | undefined): Step[] {
		this.#touched.add(entry);
		return next ? this.#put(this.#arrayOf(entry), next) : [];
	}

	#linkInto(at: number, entry: ChainEntry): Step[] {
		const before = this.#entries[at - 1];
		if (before) this.#touched.add(before);
		return this.#put(this.#before(at), entry);
	}

	#put(array: ProgArray | undefined, entry: ChainEntry): Step[] {
		const { programs, slots } = this.context;
		if (!array) throw new Error(`the entry before ${entry.member.label} has no array, but is not the last`);
		const called = this.#direct.has(entry) ? programs.loaded(entry).held : slots.made(entry);
		return [{ op: "bpf", args: slotUpdate(programs.guest, array, 0, called) }];
	}

	#unlink(array: ProgArray | undefined): Step[] {
		return array ? [{ op: "bpf", args: slotDelete(this.context.programs.guest, array, 0) }] : [];
	}

	async #do(entry: ChainEntry, steps: readonly Step[]): Promise<void> {
		for (const { op, args } of steps) {
			const { errno } = await this.context.programs.guest.client.call(op, args);
			if (errno !== 0) throw new RefusedEntry(entry, errno, `BPF_${commands.name(args.cmd).toUpperCase()}`);
		}
	}

	#clear(entry: ChainEntry): Promise<void> {
		return this.#empty(this.#arrayOf(entry));
	}

	async #empty(array: ProgArray | undefined): Promise<void> {
		for (const { op, args } of this.#unlink(array)) {
			const { errno } = await this.context.programs.guest.client.call(op, args);
			if (errno !== 0 && errno !== ENOENT) throw new Error(`slot 0 of ${array?.map} cannot be deleted`);
		}
	}

	async #idIn({ handle, map }: ProgArray): Promise<number | undefined> {
		const { client } = this.context.programs.guest;
		const { entries } = await client.call("map_dump", { object: handle, map });
		const word = ({ buffer, byteOffset }: Uint8Array) =>
			new DataView(buffer, byteOffset).getUint32(0, client.littleEndian);
		const slot = entries.find(({ key }) => word(key) === 0);
		return slot && word(slot.value);
	}
}
