// SPDX-License-Identifier: Apache-2.0
import {
	type Delegation,
	delegationOfGrants,
	doesGrant,
	type Grant,
	grantsOf,
	namedGrantsOf,
} from "./delegation.js";

/** The result of a search; everything in it was tried. */
export interface Smallest {
	/** It works with this, and does not without any one grant; both were tried. */
	delegation: Delegation;
	/** How many delegations were tried. */
	trials: number;
}

/**
 * Finds a delegation that works, and does not without any one of its grants. Others may work too: a
 * loader may do with fewer, as libbpf when a probe is refused. Late ones of `likely` go first.
 * @param likely probably needed: when it works as a whole, no other grant is tried
 * @param widest the most that may be granted; names are tried in place of `any`
 * @returns undefined when the widest does not work either
 */
export async function smallestDelegation(
	likely: Delegation,
	widest: Delegation,
	works: (delegation: Delegation) => Promise<boolean>,
): Promise<Smallest | undefined> {
	const tried = new Map<string, boolean>();
	const ask = async (grants: readonly Grant[]): Promise<boolean> => {
		const delegation = delegationOfGrants(grants);
		const key = JSON.stringify(delegation);
		const known = tried.get(key);
		if (known !== undefined) return known;
		const answer = await works(delegation);
		tried.set(key, answer);
		return answer;
	};
	const first = grantsOf(likely);
	let kept = first;
	if (!(await ask(first))) {
		const has = new Set(first.map(keyOf));
		const others = namedGrantsOf(widest).filter((grant) => !has.has(keyOf(grant)));
		if (!(await ask([...first, ...others]))) return undefined;
		kept = [...first, ...(await added(first, others, ask))];
	}
	return { delegation: delegationOfGrants(await reduced(kept, ask)), trials: tried.size };
}

/** Grants to add until it works, likely ones first. @returns undefined when the widest does not */
export async function smallestAddition(
	declared: Delegation,
	likely: Delegation,
	widest: Delegation,
	works: (delegation: Delegation) => Promise<boolean>,
): Promise<Grant[] | undefined> {
	const ask: Ask = (grants) => works(delegationOfGrants(grants));
	const base = grantsOf(declared);
	for (const candidates of [grantsOf(likely), namedGrantsOf(widest)]) {
		const others = candidates.filter((grant) => !doesGrant(declared, grant));
		if (others.length > 0 && (await ask([...base, ...others]))) return [...(await added(base, others, ask))];
	}
	return undefined;
}

const keyOf = ({ kind, name }: Grant) => `${kind}/${name}`;

type Ask = (grants: readonly Grant[]) => Promise<boolean>;

/** The others that must be added, by bisection (U. Junker, QuickXplain, 2004). */
async function added(base: readonly Grant[], others: readonly Grant[], ask: Ask): Promise<readonly Grant[]> {
	if (await ask(base)) return [];
	if (others.length === 1) return others;
	const middle = Math.ceil(others.length / 2);
	const [left, right] = [others.slice(0, middle), others.slice(middle)];
	const ofRight = await added([...base, ...left], right, ask);
	const ofLeft = await added([...base, ...ofRight], left, ask);
	return [...ofLeft, ...ofRight];
}

/** Removes grants, the last first; commands before all, as that makes earlier answers stale. */
async function reduced(grants: readonly Grant[], ask: Ask): Promise<readonly Grant[]> {
	let kept = grants;
	for (;;) {
		const before = kept;
		const isCommand = ({ kind }: Grant) => kind === "commands";
		const backwards = [...before].reverse();
		for (const grant of [...backwards.filter(isCommand), ...backwards.filter((each) => !isCommand(each))]) {
			const rest = kept.filter((other) => other !== grant);
			if (await ask(rest)) kept = rest;
		}
		if (kept.length === before.length) return kept;
	}
}
