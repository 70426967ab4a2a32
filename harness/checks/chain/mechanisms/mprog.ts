// SPDX-License-Identifier: Apache-2.0

import { constantProgram, countRuns, runCount } from "../../../machine/guest/bpf-objects.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { untilQuiet } from "../arrival.js";
import { attachFlags, HookList, type ListHook, linkUpdate } from "../hook-list.js";
import { allDone, BuildError, type Built, type Limit } from "../mechanism.js";
import type { Sender } from "../packet-traffic.js";
import { type Part, partName, samePart } from "../part.js";
import type { Parts } from "../parts.js";

/** Where and with what a list is built. */
export interface MprogSite {
	guest: Guest;
	list: HookList;
	parts: Parts;
	/** Where a part's member stands in the declaration. */
	placeOf: (part: Part) => number;
}

interface Standing {
	part: Part;
	/** The agent's, as soon as it is there. */
	link?: number;
}

/**
 * A list of links that the kernel keeps in order (kernel/bpf/mprog.c): tcx and netkit. Places are
 * told by programs, not by links, so that nobody has to wait for a link before asking for the next.
 */
export class MprogChain implements Built {
	/** In their order. */
	readonly #standing: Standing[] = [];

	private constructor(private readonly site: MprogSite) {}

	static async build(
		site: MprogSite,
		order: readonly Part[],
		attaching: readonly number[] = [...order.keys()],
	): Promise<MprogChain> {
		const chain = new MprogChain(site);
		await site.parts.all(order);
		try {
			const attached = attaching.map((index) => {
				const later = order.slice(index + 1);
				return chain.#attach(order[index]!, (other) => later.some((each) => samePart(each, other)));
			});
			await allDone(attached);
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	async configured(): Promise<(Part | number)[]> {
		const { listed } = await this.site.list.query();
		return listed.map(({ program }) => this.site.parts.byProgram(program));
	}

	async insert(part: Part): Promise<void> {
		const { parts, placeOf } = this.site;
		await parts.get(part);
		await this.#attach(part, (other) => placeOf(other) > placeOf(part));
	}

	async remove(part: Part): Promise<void> {
		const found = this.#find(part);
		this.#standing.splice(this.#standing.indexOf(found), 1);
		await this.#detach(found);
	}

	lose(part: Part): Promise<void> {
		return this.remove(part);
	}

	async replace(part: Part, by: Part): Promise<void> {
		await this.site.parts.get(by);
		for (const { args } of this.replacing(part, by)) {
			const { errno } = await this.site.guest.client.call("bpf", args);
			if (errno !== 0) throw new BuildError(by, errno, "BPF_LINK_UPDATE");
		}
		this.#find(part).part = by;
	}

	replacing(part: Part, by: Part) {
		const { guest, parts } = this.site;
		const link = { handle: this.#find(part).link! };
		return [{ op: "bpf", args: linkUpdate(guest, link, parts.loaded(by).held, parts.loaded(part).held) }];
	}

	async reorder(parts: readonly Part[]): Promise<void> {
		for (const part of parts) {
			await this.remove(part);
			await this.#attach(part, () => false);
		}
	}

	async close(): Promise<void> {
		await allDone(this.#standing.splice(0).map((each) => this.#detach(each)));
	}

	#find(part: Part): Standing {
		const found = this.#standing.find((each) => each.part.member === part.member);
		if (!found) throw new Error(`${partName(part)} does not stand in the chain`);
		return found;
	}

	/** Before the first of those that it has to come before; behind all when there is none. */
	async #attach(part: Part, isBefore: (other: Part) => boolean): Promise<void> {
		const { list, parts } = this.site;
		const at = this.#standing.findIndex((each) => isBefore(each.part));
		const next = this.#standing[at];
		const place = next
			? { flags: attachFlags.before, relative: parts.loaded(next.part).held }
			: { flags: attachFlags.after };
		const standing: Standing = { part };
		this.#standing.splice(next ? at : this.#standing.length, 0, standing);
		const { errno, link } = await list.createLink(parts.loaded(part).held, place);
		if (link === undefined) throw new BuildError(part, errno, "BPF_LINK_CREATE");
		standing.link = link;
	}

	async #detach({ link }: Standing): Promise<void> {
		if (link !== undefined) await this.site.guest.client.call("close", { handle: link });
	}
}

/** Programs that go on, put on an empty list: as many as are promised, and one more. */
export async function mprogLimit(
	guest: Guest,
	hook: ListHook,
	sender: Sender,
	frame: Uint8Array,
	promised: number,
): Promise<Limit> {
	const { client } = guest;
	const list = new HookList(guest, hook);
	const stats = await countRuns(guest.client);
	const handles: number[] = [];
	const keep = (handle: number | undefined) => {
		if (handle !== undefined) handles.push(handle);
		return handle;
	};
	try {
		const programs = await allDone(
			Array.from({ length: promised + 1 }, async () => {
				const handle = keep((await constantProgram(guest.client, "sched_cls", -1)).handle);
				if (handle === undefined) throw new Error("the kernel takes no program of two instructions");
				return { handle };
			}),
		);
		const links = await allDone(
			programs.map(async (program) => {
				const { errno, link } = await list.createLink(program, { flags: attachFlags.after });
				return { program, errno, link: keep(link) };
			}),
		);
		await client.call("packet_send", { ...sender, frames: [frame] });
		const standing = links.filter(({ link }) => link !== undefined);
		let met = 0;
		await untilQuiet(async () => {
			const counts = await allDone(standing.map(({ program }) => runCount(guest.client, program)));
			met = counts.filter((count) => count > 0).length;
			return { arrived: met, all: met === standing.length };
		});
		const errno = links.find((each) => each.errno !== 0)?.errno ?? 0;
		return { promised, taken: standing.length, met, errno };
	} finally {
		await allDone([...handles.reverse(), stats.handle].map((handle) => client.call("close", { handle })));
	}
}
