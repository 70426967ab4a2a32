// SPDX-License-Identifier: Apache-2.0
import { GuestError } from "../../../machine/guest/client.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { Direction, HookDevice } from "../devices.js";
import { allDone, BuildError, type Built } from "../mechanism.js";
import { type Part, partName, samePart } from "../part.js";
import type { Parts } from "../parts.js";

/** Where and with what a chain of filters is built. */
export interface TcSite {
	guest: Guest;
	parts: Parts;
	device: HookDevice;
	direction: Direction;
	/** Where a part's member stands in the declaration. */
	placeOf: (part: Part) => number;
}

interface Filter {
	part: Part;
	pref: number;
	/** The agent's. */
	link: number;
}

/**
 * Filters of clsact, each a program with direct action. The pref of a filter is its member's
 * priority; in another order than the declared one each has the pref of the member in whose place
 * it stands.
 *
 * The kernel puts a filter before the others of its pref, so those that have to come before it are
 * taken away and added again.
 */
export class TcChain implements Built {
	/** In the order in which they were added. */
	readonly #filters: Filter[] = [];
	/** Labels of members that were added again, because another was to come behind them. */
	readonly #again = new Map<string, number>();

	private constructor(private readonly site: TcSite) {}

	static async build(
		site: TcSite,
		order: readonly Part[],
		attaching: readonly number[] = [...order.keys()],
	): Promise<TcChain> {
		const chain = new TcChain(site);
		const prefs = chain.#prefsOf(order);
		await site.parts.all(order);
		const put = (index: number) => {
			const later = order.slice(index + 1);
			const isLater = (other: Part) => later.some((each) => samePart(each, other));
			return chain.#put(order[index]!, prefs[index]!, isLater);
		};
		try {
			// Of different prefs none has to wait for another.
			if (new Set(prefs).size === prefs.length) await allDone(attaching.map(put));
			else for (const index of attaching) await put(index);
			return chain;
		} catch (error) {
			await chain.close();
			throw error;
		}
	}

	async configured(): Promise<(Part | number)[]> {
		const { guest, device, direction, parts } = this.site;
		const at = { ...placeOf(device), egress: direction === "egress" };
		const { filters } = await guest.client.call("tc_filters", at);
		return filters.map(({ program }) => parts.byProgram(program ?? 0));
	}

	insert(part: Part): Promise<void> {
		const place = this.site.placeOf(part);
		return this.#put(part, part.member.priority, (other) => this.site.placeOf(other) > place);
	}

	remove(part: Part): Promise<void> {
		return this.#delete(this.#find(part));
	}

	lose(part: Part): Promise<void> {
		return this.remove(part);
	}

	async replace(part: Part, by: Part): Promise<void> {
		await this.site.parts.get(by);
		const filter = this.#find(part);
		await addFilter(this.site, by, { replaces: filter.link });
		filter.part = by;
	}

	/** RTM_NEWTFILTER with NLM_F_REPLACE, of the filter with the same pref and handle. */
	replacing(part: Part, by: Part) {
		const { link } = this.#find(part);
		return [{ op: "attach", args: filterArgs(this.site, by, { replaces: link }) }];
	}

	async reorder(parts: readonly Part[]): Promise<void> {
		const prefs = this.#prefsOf(parts);
		for (const [index, part] of parts.entries()) {
			await this.#delete(this.#find(part));
			await this.#add(part, prefs[index]!);
		}
	}

	notes(): string[] {
		return [...this.#again].map(
			([label, times]) =>
				`${label} was taken away and added again ${times === 1 ? "once" : `${times} times`}: of one pref the kernel puts the latest first, so whatever is to come behind others makes them be added anew, and what passes meanwhile does not meet them`,
		);
	}

	async close(): Promise<void> {
		await allDone([...this.#filters].map((filter) => this.#delete(filter)));
	}

	/** In the declared order each has its own, in another one that of its place. */
	#prefsOf(order: readonly Part[]): number[] {
		return order
			.toSorted((a, b) => this.site.placeOf(a) - this.site.placeOf(b))
			.map(({ member }) => member.priority);
	}

	#find(part: Part): Filter {
		const found = this.#filters.find((each) => each.part.member === part.member);
		if (!found) throw new Error(`${partName(part)} does not stand in the chain`);
		return found;
	}

	async #put(part: Part, pref: number, isLater: (other: Part) => boolean): Promise<void> {
		const newer = this.#filters.filter((other) => other.pref === pref && isLater(other.part));
		for (const other of newer) await this.#delete(other);
		try {
			await this.#add(part, pref);
		} finally {
			for (const { part: other } of newer) {
				await this.#add(other, pref);
				const { label } = other.member;
				this.#again.set(label, (this.#again.get(label) ?? 0) + 1);
			}
		}
	}

	async #add(part: Part, pref: number): Promise<void> {
		await this.site.parts.get(part);
		const link = await addFilter(this.site, part, { priority: pref });
		this.#filters.push({ part, pref, link });
	}

	async #delete(filter: Filter): Promise<void> {
		this.#filters.splice(this.#filters.indexOf(filter), 1);
		await this.site.guest.client.call("detach", { link: filter.link });
	}
}

/**
 * @returns the agent's link
 * @throws BuildError when the kernel refuses it
 */
export async function addFilter(site: TcSite, part: Part, place: FilterPlace): Promise<number> {
	try {
		return (await site.guest.client.call("attach", filterArgs(site, part, place))).link;
	} catch (error) {
		if (error instanceof GuestError) throw new BuildError(part, error.errno, "RTM_NEWTFILTER");
		throw error;
	}
}

/** A new filter of a pref, or another program for one that the agent has added. */
type FilterPlace = { priority: number } | { replaces: number };

function filterArgs({ device, direction, parts }: TcSite, part: Part, place: FilterPlace): Args<"attach"> {
	const { handle: object, program } = parts.loaded(part).held;
	return { object, program, hook: `tc_${direction}`, ...placeOf(device), ...place };
}

function placeOf({ ifindex, netns }: HookDevice) {
	return { ifindex, ...(netns === undefined ? {} : { netns }) };
}
