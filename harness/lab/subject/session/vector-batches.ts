// SPDX-License-Identifier: Apache-2.0
import type { MapModel } from "../../../data/vectors/map-model.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import { runsAttached } from "./attached.js";

/** Of one request: bytes there and back, and repetitions. */
const maxCost = 1 << 20;

/** How vectors are sent to the guest. */
export interface Batches {
	/** Most vectors in one request; 256 unless given. */
	most?: number;
	/** No request before the one before it is answered. */
	oneAtATime?: boolean;
}

/** Vectors that go to the guest in one request. */
export interface Batch {
	vectors: readonly PreparedVector[];
	/** Maps that are read for each. */
	models: readonly MapModel[];
}

/**
 * Vectors one after another that need the same maps read, bounded in number, bytes and repetitions.
 */
export function batchesOf(
	vectors: readonly PreparedVector[],
	most: number,
	modelsFor: (vector: PreparedVector) => readonly MapModel[],
): Batch[] {
	const batches: (Batch & { vectors: PreparedVector[]; cost: number })[] = [];
	for (const vector of vectors) {
		const models = modelsFor(vector);
		const cost = costOf(vector);
		const last = batches.at(-1);
		const fits =
			last &&
			last.vectors.length < most &&
			last.cost + cost <= maxCost &&
			sameAttachment(last.vectors[0], vector) &&
			last.models.length === models.length &&
			last.models.every((model, index) => model === models[index]);
		if (fits) {
			last.vectors.push(vector);
			last.cost += cost;
		} else batches.push({ vectors: [vector], models, cost });
	}
	return batches;
}

/** A program that is attached for its vectors is the only one of a batch. */
function sameAttachment(one: PreparedVector | undefined, other: PreparedVector): boolean {
	if (!one || !(runsAttached(one) || runsAttached(other))) return true;
	return one.subject.program.name === other.subject.program.name;
}

/**
 * Maps are read after each packet of which something is expected of them, before it, and at the
 * end.
 */
export function isLookedAt({ steps }: PreparedVector, index: number): boolean {
	const [step, next] = [steps[index], steps[index + 1]];
	return !next || next.expected.maps.length > 0 || (step?.expected.maps.length ?? 0) > 0;
}

function costOf({ steps, before }: PreparedVector): number {
	const packets = steps.map(({ packet, context, repeat }) => {
		const bytes = (packet?.length ?? 0) + (context?.length ?? 0);
		return repeat + 2 * bytes;
	});
	const fills = before.map(({ model, entries }) => entries.length * (model.key.size + model.value.size));
	return [...packets, ...fills].reduce((sum, cost) => sum + cost, 0);
}
