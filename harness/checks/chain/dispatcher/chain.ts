// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import { UndecidedError } from "../../../base/errors.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { standing } from "../judge.js";
import { BuildError, type Built } from "../mechanism.js";
import { type Part, partName } from "../part.js";
import type { Parts } from "../parts.js";
import { type DispatcherReader, pinFolder } from "./configured.js";
import type { Libxdp, XdpDevice, XdpMember, XdpRequest } from "./libxdp.js";

/**
 * The kernel detaches a link a moment after its last reference went: a worker does it, which a busy
 * machine lets wait.
 */
const patienceMs = 30_000;
/**
 * Members are attached one after the other, and each makes another dispatcher; of more, in one call
 * that is told of them in this order.
 */
const mostAdded = 4;

export interface DispatcherSite {
	guest: Guest;
	libxdp: Libxdp;
	/** All of whose programs extend one of bpfgate's. */
	parts: Parts;
	device: XdpDevice;
	reader: DispatcherReader;
}

/** Members in the slots of a dispatcher, put there and taken out by libxdp. */
export class DispatcherChain implements Built {
	private constructor(
		private readonly site: DispatcherSite,
		/** By label, where a member's is not its own priority. */
		private readonly runPrios: ReadonlyMap<string, number>,
	) {}

	static async build(
		site: DispatcherSite,
		order: readonly Part[],
		attaching?: readonly number[],
	): Promise<DispatcherChain> {
		const chain = new DispatcherChain(site, runPriosOf(order));
		await site.parts.all(order);
		if (order.length === 0) return chain;
		const members = (attaching ?? [...order.keys()]).map((index) => chain.#member(order[index]!));
		try {
			const one = attaching !== undefined && attaching.length <= mostAdded;
			await chain.#do(order[0]!, { do: one ? "add" : "attach", members });
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	async configured(): Promise<(Part | number)[]> {
		const dispatcher = await this.site.reader.read();
		return (dispatcher?.slots ?? []).flatMap(({ program }) =>
			program === undefined ? [] : [this.site.parts.byProgram(program)],
		);
	}

	async insert(part: Part): Promise<void> {
		await this.site.parts.get(part);
		await this.#do(part, { do: "attach", members: [this.#member(part)] });
	}

	remove(part: Part): Promise<void> {
		return this.#do(part, { do: "remove", ids: [this.site.parts.loaded(part).id] });
	}

	/** Its link goes, and the slot's stub is back. */
	async lose(part: Part): Promise<void> {
		const { guest, device, parts, reader } = this.site;
		const { id } = parts.loaded(part);
		const before = await reader.read();
		const slot = before?.slots.findIndex(({ program }) => program === id) ?? -1;
		if (!before || slot < 0) throw new Error(`${partName(part)} does not stand in the chain`);
		const path = `${pinFolder(device.ifindex, before.id)}/prog${slot}-link`;
		await guest.client.call("file_remove", { path });
		for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(10)) {
			const now = await reader.read();
			if (now?.slots[slot]?.program === undefined) return;
		}
		throw new UndecidedError(
			"link-stays",
			`the link of ${partName(part)} to its slot was let go of, and the kernel still has it after ${patienceMs / 1000} seconds`,
			"run again on a machine that is less busy; if it stays so, report it with the kernel",
		);
	}

	async replace(part: Part, by: Part): Promise<void> {
		await this.site.parts.get(by);
		await this.#do(by, this.#replacement(part, by));
	}

	replacing(part: Part, by: Part) {
		return [this.site.libxdp.request(this.#replacement(part, by))];
	}

	/**
	 * libxdp knows no other way to change priorities: all come out and go in again, once the other
	 * way round.
	 */
	async reorder(parts: readonly Part[]): Promise<void> {
		const ids = parts.map((part) => this.site.parts.loaded(part).id);
		const members = parts.map((part) => this.#member(part));
		const prios = standing("dispatcher", parts).map((part) => this.#member(part).runPrio);
		const turned = members.map((member) => {
			const place = prios.indexOf(member.runPrio);
			return { ...member, runPrio: prios.at(-1 - place)! };
		});
		for (const next of [turned, members]) {
			await this.#do(parts[0]!, { do: "remove", ids });
			await this.#do(parts[0]!, { do: "attach", members: next });
		}
	}

	async close(): Promise<void> {
		await this.site.libxdp.clear();
	}

	#replacement(part: Part, by: Part): XdpRequest {
		return { do: "replace", id: this.site.parts.loaded(part).id, by: this.#member(by) };
	}

	#member(part: Part): XdpMember {
		const { id, held, path } = this.site.parts.loaded(part);
		const { label, priority, proceed } = part.member;
		const runPrio = this.runPrios.get(label) ?? priority;
		return { id, runPrio, proceed: proceed ?? new Set(), name: held.program, path };
	}

	async #do(part: Part, request: XdpRequest): Promise<void> {
		const { errno } = await this.site.libxdp.do(request);
		if (errno !== 0) throw new BuildError(part, errno, `libxdp's ${request.do}`);
	}
}

/**
 * Members of one priority stand by their names, and a program of bpfgate's in the place of one has
 * another name: then each gets a priority of its own, by its place.
 */
function runPriosOf(parts: readonly Part[]): ReadonlyMap<string, number> {
	const prios = new Set(parts.map(({ member }) => member.priority));
	if (prios.size === parts.length || parts.every(({ program }) => typeof program === "string"))
		return new Map();
	return new Map(standing("dispatcher", parts).map(({ member }, place) => [member.label, place + 1]));
}
