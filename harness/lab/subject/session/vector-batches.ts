// SPDX-License-Identifier: Apache-2.0
import type { MapModel } from "../../../data/vectors/map-model.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { GuestClient } from "../../../machine/guest/client.js";

/** A tracing program's test run calls functions to attach to (`bpf_prog_test_run_tracing`). */
export const runsAttached = ({ subject }: PreparedVector): boolean => subject.type === "tracing";

/** Attaches the program of these vectors for as long as `work` takes. */
export async function whileAttached<T>(
	client: GuestClient,
	object: number,
	program: string,
	work: () => Promise<T>,
): Promise<T> {
	const { link } = await client.call("attach", { object, program, hook: "auto" });
	try {
		return await work();
	} finally {
		await client.call("detach", { link });
	}
}

/** Of one request: bytes in both directions, and repetitions. */
const maxCost = 1 << 20;

/** How requests to the guest are made. */
export interface Batches {
	/** Most vectors in one request; 256 unless given. */
	most?: number;
	/** Each request waits for the answer to the one before. */
	oneAtATime?: boolean;
}

/** Vectors of one request. */
export interface Batch {
	vectors: readonly PreparedVector[];
	/** Maps to read for each vector. */
	models: readonly MapModel[];
}

/** Consecutive vectors with the same maps to read, bounded in number, bytes and repetitions. */
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

/** A program that must be attached for its vectors shares no batch with another. */
function sameAttachment(one: PreparedVector | undefined, other: PreparedVector): boolean {
	if (!one || !(runsAttached(one) || runsAttached(other))) return true;
	return one.subject.program.name === other.subject.program.name;
}

/** True if maps are read after this packet: it or the next expects some, or it is last. */
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
