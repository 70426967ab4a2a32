// SPDX-License-Identifier: Apache-2.0
import type { Guest } from "../../../vm/guest.js";
import type { HookList, ListHook } from "../hook-list.js";
import { attachFlags, HookList as List, linkUpdate } from "../hook-list.js";
import { BuildError, type Built, type Limit, type Part, partName, samePart } from "../mechanism.js";
import type { Sender } from "../packet-traffic.js";
import type { Parts } from "../parts.js";
import { constantProgram, countRuns, runCount } from "../program-info.js";

/** A list of links that the kernel keeps in order (kernel/bpf/mprog.c): tcx and netkit. */
export class MprogChain implements Built {
	/** In their order, each with the handle of its link. */
	#standing: { part: Part; link: number }[] = [];

	private constructor(
		private readonly guest: Guest,
		private readonly list: HookList,
		private readonly parts: Parts,
		/** Where each member stands in the declaration. */
		private readonly placeOf: (part: Part) => number,
	) {}

	static async build(
		{
			guest,
			list,
			parts,
			placeOf,
		}: { guest: Guest; list: HookList; parts: Parts; placeOf: (part: Part) => number },
		order: readonly Part[],
		attaching: readonly number[] = [...order.keys()],
	): Promise<MprogChain> {
		const chain = new MprogChain(guest, list, parts, placeOf);
		try {
			for (const index of attaching) {
				const part = order[index]!;
				const after = order.slice(index + 1);
				await chain.#attach(part, (other) => after.some((each) => samePart(each, other)));
			}
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	async configured(): Promise<(Part | number)[]> {
		const { listed } = await this.list.query();
		return listed.map(({ program }) => this.parts.byProgram(program));
	}

	async insert(part: Part): Promise<void> {
		await this.#attach(part, (other) => this.placeOf(other) > this.placeOf(part));
	}

	async remove(part: Part): Promise<void> {
		const { link } = this.#find(part);
		this.#standing = this.#standing.filter((each) => each.link !== link);
		await this.guest.client.call("close", { handle: link });
	}

	lose(part: Part): Promise<void> {
		return this.remove(part);
	}

	async replace(part: Part, by: Part): Promise<void> {
		await this.parts.get(by);
		for (const { args } of this.replacing(part, by)) {
			const { errno } = await this.guest.client.call("bpf", args);
			if (errno !== 0) throw new BuildError(by, errno, "BPF_LINK_UPDATE");
		}
		this.#find(part).part = by;
	}

	replacing(part: Part, by: Part) {
		const { link } = this.#find(part);
		const [old, fresh] = [this.parts.loaded(part).held, this.parts.loaded(by).held];
		return [{ op: "bpf", args: linkUpdate(this.guest, { handle: link }, fresh, old) }];
	}

	async reorder(parts: readonly Part[]): Promise<void> {
		for (const part of parts) {
			await this.remove(part);
			await this.#attach(part, () => false);
		}
	}

	async close(): Promise<void> {
		for (const { link } of this.#standing.splice(0)) await this.guest.client.call("close", { handle: link });
	}

	#find(part: Part) {
		const found = this.#standing.find((each) => each.part.member === part.member);
		if (!found) throw new Error(`${partName(part)} does not stand in the chain`);
		return found;
	}

	/** Before the first of those that it has to come before; behind all when there is none. */
	async #attach(part: Part, isBefore: (other: Part) => boolean): Promise<void> {
		const { held } = await this.parts.get(part);
		const at = this.#standing.findIndex((each) => isBefore(each.part));
		const next = this.#standing[at];
		const place = next
			? { flags: attachFlags.before | attachFlags.link, relative: { handle: next.link } }
			: { flags: attachFlags.after };
		const { errno, link } = await this.list.createLink(held, place);
		if (link === undefined) throw new BuildError(part, errno, "BPF_LINK_CREATE");
		this.#standing.splice(next ? at : this.#standing.length, 0, { part, link });
	}
}

/** Programs that go on, put on an empty list until the kernel takes no more. */
export async function mprogLimit(
	guest: Guest,
	hook: ListHook,
	sender: Sender,
	frame: Uint8Array,
	promised: number,
): Promise<Limit> {
	const { client } = guest;
	const list = new List(guest, hook);
	const stats = await countRuns(guest);
	const handles: number[] = [];
	const programs: { handle: number }[] = [];
	try {
		for (;;) {
			const { handle } = await constantProgram(guest, "sched_cls", -1);
			if (handle === undefined) throw new Error("the kernel takes no program of two instructions");
			handles.push(handle);
			const { errno, link } = await list.createLink({ handle }, { flags: attachFlags.after });
			if (link !== undefined) {
				handles.push(link);
				programs.push({ handle });
				if (programs.length <= promised) continue;
			}
			await client.call("packet_send", { ...sender, frames: [frame] });
			const counts = await Promise.all(programs.map((program) => runCount(guest, program)));
			const met = counts.filter((count) => count > 0).length;
			return { promised, taken: programs.length, met, errno };
		}
	} finally {
		for (const handle of handles.reverse()) await client.call("close", { handle });
		await client.call("close", stats);
	}
}
