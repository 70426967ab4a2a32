// SPDX-License-Identifier: Apache-2.0

/** Numbers from 0 to 1 that are the same for the same seed (xorshift32, Marsaglia 2003). */
export function seeded(seed: number): () => number {
	let state = seed | 1;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	};
}

/** A permutation, by Fisher and Yates. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
	const all = [...items];
	for (let last = all.length - 1; last > 0; last--) {
		const other = Math.floor(random() * (last + 1));
		[all[last], all[other]] = [all[other]!, all[last]!];
	}
	return all;
}
