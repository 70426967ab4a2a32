// SPDX-License-Identifier: Apache-2.0

/** One difference between the expected and the found order. Positions count from 1. */
export interface Difference {
	kind: "moved" | "missing" | "extra" | "after_end" | "twice";
	member: string;
	/** Its position in the expected order. */
	expected?: number;
	/** Its position in the order that was found. */
	found?: number;
	/** A sentence without a full stop. */
	message: string;
}

/** A member that a packet met, with what it returned, where that is known. */
export interface Met {
	member: string;
	/** By name: `XDP_DROP`. */
	verdict?: string;
}

/**
 * Compares what the kernel lists with what was declared.
 * @param declared labels of the members in their order
 * @param configured labels in the kernel's order; programs that are not members have other names
 */
export function configuredDifferences(
	declared: readonly string[],
	configured: readonly string[],
): Difference[] {
	return differences(declared, configured, {
		missing: (member, position) => `${member}: expected at position ${position}, not on the hook`,
		extra: (member, position) => ({
			kind: "extra",
			message: `${member} at position ${position} is not a member of the chain`,
		}),
		moved: (member, expected, found) => `${member}: expected at position ${expected}, found at ${found}`,
		twice: (member, expected, found, first) =>
			`${member}: expected once at position ${expected}, found at ${first} and ${found}`,
	});
}

/**
 * Compares what a packet met with the steps that follow from the mechanism's rules.
 * @param members all of the chain: one that is not in `expected` ran after the end
 */
export function executedDifferences(
	expected: readonly Met[],
	found: readonly Met[],
	members: readonly string[],
): Difference[] {
	const end = expected.at(-1);
	const lastMet = found.at(-1);
	return differences(
		expected.map(({ member }) => member),
		found.map(({ member }) => member),
		{
			missing: (member, position) =>
				`${member}: expected at position ${position}, never ran; the packet met ${
					lastMet ? `${named(lastMet)} last` : "no member"
				}`,
			extra: (member, position) =>
				members.includes(member) && end
					? {
							kind: "after_end",
							message: `${member} ran at position ${position}, although ${named(end)} at position ${expected.length} should have ended the chain`,
						}
					: {
							kind: "extra",
							message: `${member} ran at position ${position} and is not a member of the chain`,
						},
			moved: (member, wanted, position) => `${member}: expected at position ${wanted}, ran at ${position}`,
			twice: (member, wanted, position, first) =>
				`${member}: expected once at position ${wanted}, ran at ${first} and again at ${position}`,
		},
	);
}

const named = ({ member, verdict }: Met) => (verdict === undefined ? member : `${member} (${verdict})`);

interface Sentences {
	missing: (member: string, expected: number) => string;
	extra: (member: string, found: number) => Pick<Difference, "kind" | "message">;
	moved: (member: string, expected: number, found: number) => string;
	twice: (member: string, expected: number, found: number, first: number) => string;
}

function differences(expected: readonly string[], found: readonly string[], say: Sentences): Difference[] {
	const all: Difference[] = [];
	const first = new Map<string, number>();
	for (const [index, member] of found.entries()) {
		const [wanted, place] = [expected.indexOf(member) + 1, index + 1];
		const before = first.get(member);
		if (before === undefined) first.set(member, place);
		if (wanted === 0) all.push({ ...say.extra(member, place), member, found: place });
		else if (before !== undefined)
			all.push({
				kind: "twice",
				member,
				expected: wanted,
				found: place,
				message: say.twice(member, wanted, place, before),
			});
	}
	for (const [index, member] of expected.entries())
		if (!first.has(member))
			all.push({ kind: "missing", member, expected: index + 1, message: say.missing(member, index + 1) });
	// Members after a missing or an extra one are shifted; they have not moved.
	const wanted = expected.filter((member) => first.has(member));
	const got = [...first.keys()].filter((member) => expected.includes(member));
	for (const member of movedMembers(wanted, got)) {
		const [from, to] = [expected.indexOf(member) + 1, first.get(member)!];
		all.push({ kind: "moved", member, expected: from, found: to, message: say.moved(member, from, to) });
	}
	const place = ({ found: at, expected: from }: Difference) => at ?? from ?? 0;
	return all.sort((a, b) => place(a) - place(b));
}

/** The fewest members that must move to turn one order into the other. */
function movedMembers(wanted: readonly string[], got: readonly string[]): string[] {
	const off = wanted.filter((member, index) => got[index] !== member);
	if (off.length <= 2) return off;
	const places = got.map((member) => wanted.indexOf(member));
	const kept = new Set(longestIncreasing(places));
	return got.filter((_, index) => !kept.has(places[index]!));
}

/** For numbers that are all different. Quadratic: chains are short. */
function longestIncreasing(numbers: readonly number[]): number[] {
	const best: number[][] = [];
	for (const [index, number] of numbers.entries()) {
		const before = best
			.slice(0, index)
			.filter((run) => run.at(-1)! < number)
			.reduce<number[]>((longest, run) => (run.length > longest.length ? run : longest), []);
		best.push([...before, number]);
	}
	return best.reduce<number[]>((longest, run) => (run.length > longest.length ? run : longest), []);
}
