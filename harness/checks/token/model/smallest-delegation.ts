// SPDX-License-Identifier: Apache-2.0
import {
	type Delegation,
	delegationOfGrants,
	doesGrant,
	type Grant,
	grantsOf,
	namedGrantsOf,
} from "./delegation.js";

/** A part of what a delegation is for; it works or does not whatever the other parts do. */
export interface Part {
	/** What it probably needs: tried before all other grants. */
	readonly likely: Delegation;
	works(delegation: Delegation): Promise<boolean>;
}

/** The result of a search; everything in it was tried. */
export interface Smallest {
	/** Every part works with this, and one does not without any one grant; both were tried. */
	delegation: Delegation;
	/** How often a part was tried. */
	trials: number;
}

/**
 * Finds a delegation with which every part works, and one does not without any one of its grants.
 * Others may work too: a loader may do with fewer, as libbpf when a probe is refused.
 * @param first kept as far as it is needed
 * @param widest the most that may be granted; names are tried in place of `any`
 * @param parts those that take least time come first
 * @returns undefined when the widest is not enough either
 */
export async function smallestDelegation(
	first: Delegation,
	widest: Delegation,
	parts: readonly Part[],
): Promise<Smallest | undefined> {
	const search = new Search(widest, parts);
	const found = await search.smallest([], grantsOf(first));
	return found && { delegation: delegationOfGrants(found), trials: search.trials };
}

/** Grants to add until every part works. @returns undefined when the widest is not enough either */
export async function smallestAddition(
	declared: Delegation,
	widest: Delegation,
	parts: readonly Part[],
): Promise<Grant[] | undefined> {
	const found = await new Search(widest, parts).smallest(grantsOf(declared), []);
	return found && grantsOf(delegationOfGrants(found));
}

const keyOf = ({ kind, name }: Grant) => `${kind}/${name}`;

class Search {
	/** How often a part was tried. */
	trials = 0;
	readonly #answers = new Map<Part, Map<string, boolean>>();
	/** The part that last failed without a grant. */
	readonly #needing = new Map<string, Part>();

	constructor(
		private readonly widest: Delegation,
		private readonly parts: readonly Part[],
	) {}

	/** @param base always granted @param first kept as far as it is needed */
	async smallest(base: readonly Grant[], first: readonly Grant[]): Promise<readonly Grant[] | undefined> {
		const enough = await this.#enough(base, first);
		return enough && this.#reduced(enough, this.parts, base);
	}

	async #ask(part: Part, grants: readonly Grant[]): Promise<boolean> {
		const delegation = delegationOfGrants(grants);
		const key = JSON.stringify(delegation);
		const answers = this.#answers.get(part) ?? new Map<string, boolean>();
		this.#answers.set(part, answers);
		const known = answers.get(key);
		if (known !== undefined) return known;
		this.trials++;
		const answer = await part.works(delegation);
		answers.set(key, answer);
		return answer;
	}

	/** Grants besides the base with which every part works, each of them tried with all of it. */
	async #enough(base: readonly Grant[], first: readonly Grant[]): Promise<readonly Grant[] | undefined> {
		const some = this.#differing();
		let added = await this.#extended(base, first, some);
		// What one part makes needless for the others is removed before all of them are tried.
		if (added && some.length > 1) added = await this.#reduced(added, some, base);
		for (;;) {
			const more = added && (await this.#extended(base, added, this.parts));
			if (!more || more.length === added?.length) return more;
			added = more;
		}
	}

	/** Parts that probably need all that any part does. */
	#differing(): Part[] {
		const needed = new Set<string>();
		return this.parts.filter(({ likely }) => {
			const keys = grantsOf(likely).map(keyOf);
			const known = needed.size > 0 && keys.every((key) => needed.has(key));
			for (const key of keys) needed.add(key);
			return !known;
		});
	}

	/** With what each of these parts needs besides, one after the other. */
	async #extended(
		base: readonly Grant[],
		added: readonly Grant[],
		parts: readonly Part[],
	): Promise<readonly Grant[] | undefined> {
		let all = added;
		for (const part of parts) {
			const more = await this.#addition([...base, ...all], part);
			if (!more) return undefined;
			all = [...all, ...more];
		}
		return all;
	}

	/** What must be added that a part works: nothing, some of what is likely, or of all. */
	async #addition(base: readonly Grant[], part: Part): Promise<readonly Grant[] | undefined> {
		if (await this.#ask(part, base)) return [];
		const has = delegationOfGrants(base);
		const others = (grants: readonly Grant[]) =>
			grants.filter((grant) => !doesGrant(has, grant) && doesGrant(this.widest, grant));
		const likely = others(grantsOf(part.likely));
		if (await this.#ask(part, [...base, ...likely])) return this.#reduced(likely, [part], base);
		const all = others(namedGrantsOf(this.widest));
		return (await this.#ask(part, [...base, ...all])) ? this.#bisected(base, all, part) : undefined;
	}

	/** The others that must be added, by bisection (U. Junker, QuickXplain, 2004). */
	async #bisected(base: readonly Grant[], others: readonly Grant[], part: Part): Promise<readonly Grant[]> {
		if (await this.#ask(part, base)) return [];
		if (others.length === 1) return others;
		const middle = Math.ceil(others.length / 2);
		const [left, right] = [others.slice(0, middle), others.slice(middle)];
		const ofRight = await this.#bisected([...base, ...left], right, part);
		const ofLeft = await this.#bisected([...base, ...ofRight], left, part);
		return [...ofLeft, ...ofRight];
	}

	/** Removes grants, the last first; commands before all, as that makes earlier answers stale. */
	async #reduced(
		grants: readonly Grant[],
		parts: readonly Part[],
		base: readonly Grant[],
	): Promise<readonly Grant[]> {
		let kept = grants;
		for (;;) {
			const before = kept;
			const isCommand = ({ kind }: Grant) => kind === "commands";
			const backwards = [...before].reverse();
			for (const grant of [...backwards.filter(isCommand), ...backwards.filter((each) => !isCommand(each))]) {
				const rest = kept.filter((other) => other !== grant);
				if (!(await this.#needs(grant, parts, [...base, ...rest]))) kept = rest;
			}
			if (kept.length === before.length) return kept;
		}
	}

	/** Whether a part fails without the grant; those that probably need it are asked first. */
	async #needs(grant: Grant, parts: readonly Part[], rest: readonly Grant[]): Promise<boolean> {
		const known = this.#needing.get(keyOf(grant));
		const likelihood = (part: Part) => (part === known ? 2 : doesGrant(part.likely, grant) ? 1 : 0);
		for (const part of [...parts].sort((a, b) => likelihood(b) - likelihood(a))) {
			if (await this.#ask(part, rest)) continue;
			this.#needing.set(keyOf(grant), part);
			return true;
		}
		return false;
	}
}
