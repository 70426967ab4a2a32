// SPDX-License-Identifier: Apache-2.0

import type { Guest } from "../../machine/vm/guest.js";
import { type AgentOperation, operate } from "./agent-operation.js";
import { type ChainEntry, entryName } from "./chain-entry.js";
import { ChainPrograms } from "./chain-programs.js";
import type { HookDevice } from "./hook-device.js";
import { type AttachedChain, type AttachPoint, allDone, RefusedEntry } from "./mechanism.js";
import { chainPackets } from "./model/chain-packets.js";
import type { DeclaredChain } from "./model/declared-chain.js";
import { PacketTraffic } from "./packet-traffic.js";

/** The four primitives of a list of programs that the kernel keeps in order. */
export interface KernelList {
	/** Whether `insert` takes `before`; otherwise the newest entry of a group is its last. */
	readonly insertsBefore: boolean;
	/** Why entries are attached again where `insertsBefore` is false: `this kernel has no ...`. */
	readonly reattachReason?: string;
	/** Entries of one group are ordered by the time at which they were attached. */
	group(entry: ChainEntry, priority: number): string;
	/** Ids of programs in the kernel's order. */
	list(): Promise<number[]>;
	/** Attaches an entry that is loaded. @throws RefusedEntry */
	insert(entry: ChainEntry, priority: number, before?: ChainEntry): Promise<void>;
	/** Detaches an entry. @throws RefusedEntry */
	remove(entry: ChainEntry): Promise<void>;
	/** What puts `by` in the position of an entry, in one step. */
	replace(entry: ChainEntry, by: ChainEntry): AgentOperation & { call: string };
	/** Why a replacement that ended with this errno is no failure. */
	replaceLack?(entry: ChainEntry, errno: number): string | undefined;
}

interface ListedEntry {
	entry: ChainEntry;
	priority: number;
}

/** A chain in a list of the kernel: filters of tc, links of tcx and netkit, programs of cgroups. */
export class ListedChain implements AttachedChain {
	/** Each group in the order in which the kernel should have attached it. */
	readonly #groups = new Map<string, ListedEntry[]>();
	/** By label: how often a member was detached and attached again for another. */
	readonly #reattached = new Map<string, number>();

	private constructor(
		private readonly programs: ChainPrograms,
		private readonly list: KernelList,
	) {}

	/** @throws RefusedEntry */
	static async attach(
		programs: ChainPrograms,
		list: KernelList,
		entries: readonly ChainEntry[],
		order: readonly number[] = [...entries.keys()],
	): Promise<ListedChain> {
		const chain = new ListedChain(programs, list);
		const priorities = chain.#prioritiesOf(entries);
		await programs.all(entries);
		const groups = new Set(entries.map((entry, index) => list.group(entry, priorities[index]!)));
		const insert = (index: number) => {
			const later = entries.slice(index + 1);
			const isLater = ({ member }: ChainEntry) => later.some((each) => each.member === member);
			return chain.#insert(entries[index]!, priorities[index]!, isLater);
		};
		try {
			// Where no other entry has to move, nothing waits for an answer.
			if (list.insertsBefore || groups.size === entries.length) await allDone(order.map(insert));
			else for (const index of order) await insert(index);
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	async configured(): Promise<(ChainEntry | number)[]> {
		return (await this.list.list()).map((id) => this.programs.byProgram(id));
	}

	async insert(entry: ChainEntry): Promise<void> {
		await this.programs.get(entry);
		const position = this.programs.positionOf(entry);
		await this.#insert(entry, entry.member.priority, (other) => this.programs.positionOf(other) > position);
	}

	async remove(entry: ChainEntry): Promise<void> {
		await this.list.remove(this.#take(entry).entry);
	}

	detach(entry: ChainEntry): Promise<void> {
		return this.remove(entry);
	}

	async replace(entry: ChainEntry, by: ChainEntry): Promise<void> {
		await this.programs.get(by);
		const { call, ...operation } = this.list.replace(entry, by);
		const errno = await operate(this.programs.guest.client, operation);
		if (errno !== 0) throw new RefusedEntry(by, errno, call, this.list.replaceLack?.(entry, errno));
		this.#find(entry).listed.entry = by;
	}

	replacement(entry: ChainEntry, by: ChainEntry): AgentOperation[] {
		const { op, args } = this.list.replace(entry, by);
		return [{ op, args }];
	}

	/** Each is detached, and attached behind those before it. */
	async reorder(entries: readonly ChainEntry[]): Promise<void> {
		const priorities = this.#prioritiesOf(entries);
		for (const [index, entry] of entries.entries()) {
			await this.remove(entry);
			await this.#insert(entry, priorities[index]!, () => false);
		}
	}

	notes(): string[] {
		return [...this.#reattached].map(
			([label, times]) =>
				`${label} was detached and attached again ${times === 1 ? "once" : `${times} times`}: ${this.list.reattachReason}; packets in between do not meet it`,
		);
	}

	async close(): Promise<void> {
		const entries = [...this.#groups.values()].flatMap((group) => group.splice(0));
		await allDone(entries.map(({ entry }) => this.list.remove(entry)));
	}

	/** In the declared order each has its own, in another one that of its position. */
	#prioritiesOf(entries: readonly ChainEntry[]): number[] {
		return entries
			.toSorted((a, b) => this.programs.positionOf(a) - this.programs.positionOf(b))
			.map(({ member }) => member.priority);
	}

	async #insert(entry: ChainEntry, priority: number, isLater: (other: ChainEntry) => boolean): Promise<void> {
		const group = this.#group(entry, priority);
		const first = group.findIndex((each) => isLater(each.entry));
		const at = first < 0 ? group.length : first;
		if (at === group.length || this.list.insertsBefore)
			return this.#attach(group, { entry, priority }, at, group[at]?.entry);
		const later = group.splice(at);
		for (const each of later) await this.list.remove(each.entry);
		try {
			await this.#attach(group, { entry, priority }, at);
		} finally {
			for (const each of later) {
				await this.#attach(group, each, group.length);
				const { label } = each.entry.member;
				this.#reattached.set(label, (this.#reattached.get(label) ?? 0) + 1);
			}
		}
	}

	async #attach(group: ListedEntry[], listed: ListedEntry, at: number, before?: ChainEntry): Promise<void> {
		group.splice(at, 0, listed);
		try {
			await this.list.insert(listed.entry, listed.priority, before);
		} catch (error) {
			group.splice(group.indexOf(listed), 1);
			throw error;
		}
	}

	#group(entry: ChainEntry, priority: number): ListedEntry[] {
		const key = this.list.group(entry, priority);
		const group = this.#groups.get(key) ?? [];
		this.#groups.set(key, group);
		return group;
	}

	#find(entry: ChainEntry): { group: ListedEntry[]; listed: ListedEntry } {
		for (const group of this.#groups.values()) {
			const listed = group.find((each) => each.entry.member === entry.member);
			if (listed) return { group, listed };
		}
		throw new Error(`${entryName(entry)} is not attached`);
	}

	#take(entry: ChainEntry): ListedEntry {
		const { group, listed } = this.#find(entry);
		group.splice(group.indexOf(listed), 1);
		return listed;
	}
}

/** A list of a device, through which numbered packets are sent. */
export async function listOnDevice(
	chain: DeclaredChain,
	guest: Guest,
	device: HookDevice,
	listOf: (programs: ChainPrograms) => KernelList,
): Promise<AttachPoint> {
	const programs = await ChainPrograms.open(chain, guest, { recorded: true });
	const traffic = new PacketTraffic(programs, device.sender, chainPackets(chain), { counted: true });
	const list = listOf(programs);
	return {
		traffic,
		attach: (entries, order) => ListedChain.attach(programs, list, entries, order),
		async close() {
			await traffic.close();
			await programs.close();
			await device.close();
		},
	};
}
