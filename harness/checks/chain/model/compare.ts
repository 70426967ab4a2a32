// SPDX-License-Identifier: Apache-2.0

/** One way in which a chain is not what it should be. Places count from 1. */
export interface Difference {
	kind: "moved" | "missing" | "extra" | "after_end" | "twice";
	member: string;
	/** Its place in the order that was expected. */
	expected?: number;
	/** Its place in the order that was found. */
	found?: number;
	/** The whole of it, as a sentence without a full stop. */
	message: string;
}

/** A member that a packet met, with what it returned, where that is known. */
export interface Met {
	member: string;
	/** As people know it: `XDP_DROP`. */
	verdict?: string;
}

/**
 * Compares what the kernel lists with what was declared.
 *
 * @param declared labels of the members in their order
 * @param configured labels in the kernel's order; what is no member has any other name
 */
export function configuredDifferences(
	declared: readonly string[],
	configured: readonly string[],
): Difference[] {
	return differences(declared, configured, {
		missing: (member, place) => `${member} should stand at place ${place} and is not on the hook`,
		extra: (member, place) => ({
			kind: "extra",
			message: `${member} stands at place ${place} and is no member of the chain`,
		}),
		moved: (member, expected, found) =>
			`${member} should stand at place ${expected} and stands at place ${found}`,
		twice: (member, expected, found, first) =>
			`${member} should stand at place ${expected} alone and stands at place ${first} and at place ${found}`,
	});
}

/**
 * Compares what a packet met with what it should have met.
 *
 * @param expected the steps that the rules of the mechanism give for the verdicts; the last of them
 * ends the chain
 * @param members all members of the chain: of one that is not in `expected` it is said that the
 * chain had ended
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
			missing: (member, place) =>
				`${member} should run at place ${place} and never ran: ${
					lastMet ? `the last that the packet met was ${told(lastMet)}` : "the packet met no member at all"
				}`,
			extra: (member, place) =>
				members.includes(member) && end
					? {
							kind: "after_end",
							message: `${member} ran at place ${place}, though ${told(end)} at place ${expected.length} should have ended the chain`,
						}
					: { kind: "extra", message: `${member} ran at place ${place} and is no member of the chain` },
			moved: (member, wanted, place) => `${member} should run at place ${wanted} and ran at place ${place}`,
			twice: (member, wanted, place, first) =>
				`${member} should run once, at place ${wanted}, and ran at place ${first} and again at place ${place}`,
		},
	);
}

const told = ({ member, verdict }: Met) => (verdict === undefined ? member : `${member} (${verdict})`);

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
	// What is missing or too much shifts all that come after it; these have not moved.
	const wanted = expected.filter((member) => first.has(member));
	const got = [...first.keys()].filter((member) => expected.includes(member));
	for (const member of movedMembers(wanted, got)) {
		const [from, to] = [expected.indexOf(member) + 1, first.get(member)!];
		all.push({ kind: "moved", member, expected: from, found: to, message: say.moved(member, from, to) });
	}
	const place = ({ found: at, expected: from }: Difference) => at ?? from ?? 0;
	return all.sort((a, b) => place(a) - place(b));
}

/**
 * The fewest members that must be put elsewhere to make one order of the other: those outside of a
 * longest run that both have in common. Two that have changed places are both named.
 */
function movedMembers(wanted: readonly string[], got: readonly string[]): string[] {
	const off = wanted.filter((member, index) => got[index] !== member);
	if (off.length <= 2) return off;
	const places = got.map((member) => wanted.indexOf(member));
	const kept = new Set(longestIncreasing(places));
	return got.filter((_, index) => !kept.has(places[index]!));
}

/** Of numbers that are all different. Quadratic: chains are short. */
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
