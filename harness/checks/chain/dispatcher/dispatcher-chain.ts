// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import { undecided } from "../../../data/reasons/registry/registry.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { type ChainEntry, entryName } from "../chain-entry.js";
import type { ChainPrograms } from "../chain-programs.js";
import { kernelOrder } from "../execution.js";
import { type AttachedChain, RefusedEntry } from "../mechanism.js";
import { type DispatcherReader, pinFolder } from "./dispatcher-reader.js";
import type { Libxdp, XdpDevice, XdpMember, XdpRequest } from "./libxdp.js";

/** A worker of the kernel detaches a link some time later: how often to look for it. */
const mostLooks = 3000;
const lookMs = 10;
/** Up to so many members are added one by one, each with a new dispatcher; more in one call. */
const mostAdded = 4;

export interface DispatcherSite {
	guest: Guest;
	libxdp: Libxdp;
	/** Extensions of a program of bpfgate's. */
	programs: ChainPrograms;
	device: XdpDevice;
	reader: DispatcherReader;
}

/** Members in the slots of a dispatcher, put there and taken out by libxdp. */
export class DispatcherChain implements AttachedChain {
	private constructor(
		private readonly site: DispatcherSite,
		/** By label, where it is not the member's own priority. */
		private readonly runPrios: ReadonlyMap<string, number>,
	) {}

	static async attach(
		site: DispatcherSite,
		entries: readonly ChainEntry[],
		order?: readonly number[],
	): Promise<DispatcherChain> {
		const chain = new DispatcherChain(site, runPriosOf(entries));
		await site.programs.all(entries);
		if (entries.length === 0) return chain;
		const members = (order ?? [...entries.keys()]).map((index) => chain.#member(entries[index]!));
		try {
			const one = order !== undefined && order.length <= mostAdded;
			await chain.#do(entries[0]!, { do: one ? "add" : "attach", members });
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	async configured(): Promise<(ChainEntry | number)[]> {
		const dispatcher = await this.site.reader.read();
		return (dispatcher?.slots ?? []).flatMap(({ program }) =>
			program === undefined ? [] : [this.site.programs.byProgram(program)],
		);
	}

	async insert(entry: ChainEntry): Promise<void> {
		await this.site.programs.get(entry);
		await this.#do(entry, { do: "attach", members: [this.#member(entry)] });
	}

	remove(entry: ChainEntry): Promise<void> {
		return this.#do(entry, { do: "remove", ids: [this.site.programs.loaded(entry).id] });
	}

	/**
	 * Removes its link, so that the slot's stub runs again. The pin is gone at once, and the link's
	 * id before the program is detached: only the dispatcher's machine code shows that it was.
	 *
	 * Kernel: kernel/bpf/inode.c (`bpf_free_inode` runs after a grace period), kernel/bpf/syscall.c
	 * (`bpf_link_put`, `bpf_link_free`), kernel/bpf/trampoline.c (`bpf_trampoline_unlink_prog`).
	 * @throws UndecidedError `link-stays`: something else holds the link
	 */
	async detach(entry: ChainEntry, most = mostLooks): Promise<void> {
		const { guest, device, programs, reader } = this.site;
		const { id } = programs.loaded(entry);
		const before = await reader.read();
		const slot = before?.slots.findIndex(({ program }) => program === id) ?? -1;
		if (!before || slot < 0) throw new Error(`${entryName(entry)} is not in the chain`);
		const path = `${pinFolder(device.ifindex, before.id)}/prog${slot}-link`;
		const linked = await reader.codeOf(before.id);
		await guest.client.call("file_remove", { path });
		for (let looks = 0; looks < most; looks++, await sleep(lookMs))
			if (Buffer.compare(await reader.codeOf(before.id), linked) !== 0) return;
		throw undecided("link-stays", { entry: entryName(entry), looks: most });
	}

	async replace(entry: ChainEntry, by: ChainEntry): Promise<void> {
		await this.site.programs.get(by);
		await this.#do(by, this.#replacement(entry, by));
	}

	replacement(entry: ChainEntry, by: ChainEntry) {
		return [this.site.libxdp.request(this.#replacement(entry, by))];
	}

	/** libxdp cannot change priorities: all are removed and added, first with them turned round. */
	async reorder(entries: readonly ChainEntry[]): Promise<void> {
		const ids = entries.map((entry) => this.site.programs.loaded(entry).id);
		const members = entries.map((entry) => this.#member(entry));
		const prios = kernelOrder("dispatcher", entries).map((entry) => this.#member(entry).runPrio);
		const turned = members.map((member) => {
			const place = prios.indexOf(member.runPrio);
			return { ...member, runPrio: prios.at(-1 - place)! };
		});
		for (const next of [turned, members]) {
			await this.#do(entries[0]!, { do: "remove", ids });
			await this.#do(entries[0]!, { do: "attach", members: next });
		}
	}

	async close(): Promise<void> {
		await this.site.libxdp.clear();
	}

	#replacement(entry: ChainEntry, by: ChainEntry): XdpRequest {
		return { do: "replace", id: this.site.programs.loaded(entry).id, by: this.#member(by) };
	}

	#member(entry: ChainEntry): XdpMember {
		const { id, held, path } = this.site.programs.loaded(entry);
		const { label, priority, proceed } = entry.member;
		const runPrio = this.runPrios.get(label) ?? priority;
		return { id, runPrio, proceed: proceed ?? new Set(), name: held.program, path };
	}

	async #do(entry: ChainEntry, request: XdpRequest): Promise<void> {
		const { errno } = await this.site.libxdp.do(request);
		if (errno !== 0) throw new RefusedEntry(entry, errno, `libxdp's ${request.do}`);
	}
}

/** libxdp orders one priority by name, and stand-ins have other names: then each gets its own. */
function runPriosOf(entries: readonly ChainEntry[]): ReadonlyMap<string, number> {
	const prios = new Set(entries.map(({ member }) => member.priority));
	if (prios.size === entries.length || entries.every(({ program }) => typeof program === "string"))
		return new Map();
	return new Map(kernelOrder("dispatcher", entries).map(({ member }, place) => [member.label, place + 1]));
}
