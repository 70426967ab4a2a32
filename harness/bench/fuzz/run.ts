// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { type Change, changed, changes } from "./change.js";
import { Fault, type FuzzTarget, outcomeOf } from "./target.js";

/** What a number of inputs led to. */
export interface Tally {
	inputs: number;
	accepted: number;
	refused: number;
	/** Most processor time of one input. */
	milliseconds: number;
	/** The first fault, with the smallest input that was found to show it. */
	fault?: { message: string; input: Uint8Array };
}

/**
 * Gives a parser its seeds, which it must accept, and then `runs` changed ones; the same ones for
 * the same number `seed`. Ends at the first fault.
 * @param begun called before each input
 */
export async function fuzz(
	target: FuzzTarget,
	{ seed, runs, begun = () => {} }: { seed: number; runs: number; begun?: (input: Uint8Array) => void },
): Promise<Tally> {
	const seeds = await target.seeds();
	const known = new Set(seeds.map(textOf));
	const tally: Tally = { inputs: 0, accepted: 0, refused: 0, milliseconds: 0 };
	const give = async (input: Uint8Array) => {
		begun(input);
		const isSeed = target.seedsOnly === true && known.has(textOf(input));
		const { refusal, milliseconds } = await outcomeOf(target, input, isSeed);
		tally.inputs++;
		tally[refusal ? "refused" : "accepted"]++;
		tally.milliseconds = Math.max(tally.milliseconds, milliseconds);
		return refusal;
	};
	for (const input of seeds) {
		const refusal = await give(input);
		if (refusal) throw new Error(`${target.name}: a seed is refused: ${refusal.message}`);
	}
	// A smaller input that shows the same is sought, but not where each attempt costs a second.
	let costly = false;
	const inputOf = (change: Change) => changed(change, seeds, target.words ?? []);
	const result = await fc.check(
		fc.asyncProperty(changes(target.json === true), async (change) => {
			if (!costly)
				await give(inputOf(change)).catch((error: unknown) => {
					costly = error instanceof Fault && (error.kind === "slow" || error.kind === "memory");
					throw error;
				});
		}),
		{ seed, numRuns: runs },
	);
	if (!result.failed) return tally;
	const error = result.errorInstance;
	if (!(error instanceof Fault)) throw error;
	return { ...tally, fault: { message: error.message, input: inputOf(result.counterexample![0]) } };
}

function textOf(input: Uint8Array): string {
	return Buffer.from(input).toString("latin1");
}
