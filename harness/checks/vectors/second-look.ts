// SPDX-License-Identifier: Apache-2.0
import { setTimeout } from "node:timers/promises";
import { differing, type Facts } from "../../data/vectors/drift.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import type { Workbench } from "../../lab/check.js";
import { judge } from "../../lab/subject/session/judgement.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";
import { groupsOf, runAlone } from "./vector-group.js";

type Bench = Pick<Workbench, "guest" | "spoil">;

/** Milliseconds before the last run: a clock that counts seconds has another value then. */
const pause = 1100;

/**
 * Runs vectors again, three times each. Two runs follow each other in one load, because clones of a
 * guest begin with the same random state; the third comes after a second. A vector that does not
 * run again has fewer results.
 * @returns their results by case
 */
export async function runAgain(
	bench: Bench,
	vectors: readonly PreparedVector[],
): Promise<ReadonlyMap<string, readonly Facts[]>> {
	const found = new Map<string, Facts[]>();
	for (const group of groupsOf(vectors)) {
		const programs = group.map(({ subject }) => subject.program.name);
		const session = await VectorSession.open(await bench.guest(), group[0].subject, programs);
		const loaded = group.filter(({ subject }) => session.loaded.loaded.has(subject.program.name));
		for (const delay of [0, 0, pause]) {
			if (delay > 0) await setTimeout(delay);
			for (const [index, run] of (await session.runAll(loaded)).entries()) {
				const vector = loaded[index];
				if (!vector || run.unfilled || run.steps.some((step) => step.run.errno !== 0)) continue;
				found.set(vector.case, [...(found.get(vector.case) ?? []), judge(vector, run).actual]);
			}
		}
		await session.close();
		if (runAlone(group)) await bench.spoil();
	}
	return found;
}

/** Cases whose second result differs in more than runs on the same kernel always do. */
export async function stillDiffering(
	bench: Bench,
	vectors: readonly PreparedVector[],
	seen: ReadonlyMap<string, readonly [Facts, Facts]>,
): Promise<string[]> {
	const suspects = vectors.filter((vector) => seen.has(vector.case));
	if (suspects.length === 0) return [];
	const again = await runAgain(bench, suspects);
	return suspects.flatMap((vector) => {
		const [plain, other] = seen.get(vector.case)!;
		const noise = new Set(differing([plain, ...(again.get(vector.case) ?? [])]));
		return differing([plain, other]).some((fact) => !noise.has(fact)) ? [vector.case] : [];
	});
}
