// SPDX-License-Identifier: Apache-2.0
import {
	type Delegation,
	delegationOfGrants,
	doesGrant,
	type Grant,
	grantsOf,
	namedGrantsOf,
} from "./delegation.js";

/** What a search found, all of it by trying. */
export interface Smallest {
	/** With this it works, and with any single grant less it does not; both were tried. */
	delegation: Delegation;
	/** How often a delegation was tried. */
	trials: number;
}

/**
 * Finds a delegation that works and does not work with any one grant less. It need not be the only
 * one, and a loader may make do with less in another way: libbpf does without what it was refused
 * while it looked at the kernel. So it is looked again until no single grant can be left out, and
 * grants that come early in `likely` are kept rather than others.
 *
 * @param likely what is believed to be needed: when all of it together works, nothing else is tried
 * @param widest what may be granted at most; names in place of its `any` are tried
 * @param works whether the package does its work with it
 * @returns undefined when it does not work with the widest either
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

/**
 * Finds what has to be added to a delegation that does not work, so that it works and does not with
 * any one of the additions less; grants that are likely to be needed are tried before all others.
 *
 * @returns undefined when it does not work with the widest either
 */
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

/**
 * Which of the others have to be added, by halves: with all of them it works. (The divide and
 * conquer of U. Junker, QuickXplain, 2004.)
 */
async function added(base: readonly Grant[], others: readonly Grant[], ask: Ask): Promise<readonly Grant[]> {
	if (await ask(base)) return [];
	if (others.length === 1) return others;
	const middle = Math.ceil(others.length / 2);
	const [left, right] = [others.slice(0, middle), others.slice(middle)];
	const ofRight = await added([...base, ...left], right, ask);
	const ofLeft = await added([...base, ...ofRight], left, ask);
	return [...ofLeft, ...ofRight];
}

/**
 * Leaves out one grant after the other, the last first, until none can be left out. But commands
 * come before all: what was asked before a grant was left out has to be asked again, and of those
 * that are believed to be needed `btf_load` is the first to go.
 */
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
