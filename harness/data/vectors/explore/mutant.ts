// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { toHex } from "../../packet/bytes.js";
import { Random } from "../../packet/random.js";
import type { PreparedStep, PreparedVector } from "../suite.js";
import { type Edit, edited } from "./edit.js";
import { Pool } from "./pool.js";
import { cutsOf, proposeEdit } from "./propose.js";
import { minPacket, type StepFacts, stepFacts } from "./step-facts.js";

/** Of a longer sequence, so many packets are run. */
const maxSteps = 16;
/** A vector with changes to one of its packets, or to its context. */
export interface Mutant {
	base: PreparedVector;
	/** Index of the step that is changed. */
	step: number;
	edits: readonly Edit[];
	/** What is run: nothing is expected of it. */
	vector: PreparedVector;
}

/** `ipv4.ihl 5 → 15, cut behind tcp (54 bytes)`; in a sequence also the packet. */
export function mutantText({ base, step, edits }: Mutant): string {
	if (edits.length === 0) return "as it is";
	const of = base.isSequence ? `packet ${step + 1}: ` : "";
	return of + edits.map(({ text }) => text).join(", ");
}

/** Types that take any packet or context; raw tracepoints are often given pointers. */
const excluded = new Set(["raw_tracepoint", "raw_tracepoint_writable"]);

export function isMutable({ subject: { type }, steps }: PreparedVector): boolean {
	return (
		!excluded.has(type) && steps.some(({ packet, context }) => packet !== undefined || context !== undefined)
	);
}

/** A vector as it is run while exploring: one run for each packet, nothing expected. */
export function bare(vector: PreparedVector): PreparedVector {
	const { after: _, ...rest } = vector;
	const steps = vector.steps
		.slice(0, maxSteps)
		.map((step): PreparedStep => ({ ...step, repeat: 1, expected: { maps: [], events: [] } }));
	return { ...rest, steps };
}

/** The mutant of some edits; undefined when they make no packet that a kernel could take. */
export function mutantOf(
	base: PreparedVector,
	step: number,
	edits: readonly Edit[],
	facts?: StepFacts,
): Mutant | undefined {
	const vector = bare(base);
	const changed = vector.steps[step];
	if (!changed) return undefined;
	const context = edits.findLast((edit) => edit.kind === "context")?.context;
	const ofPacket = edits.filter(({ kind }) => kind !== "context");
	const read = facts ?? stepFacts(base, changed);
	const packet = ofPacket.length > 0 && read ? edited(read.layers, ofPacket) : changed.packet;
	if (ofPacket.length > 0 && (!packet || packet.length < minPacket)) return undefined;
	const steps = vector.steps.map((each, index) =>
		index === step ? { ...each, ...(packet ? { packet } : {}), ...(context ? { context } : {}) } : each,
	);
	return { base, step, edits, vector: { ...vector, steps } };
}

/**
 * `count` mutants, evenly of each mutable vector, fewer where there are no more: first cuts around
 * each border between headers, then random ones, by the vectors, their names and the seed alone.
 */
export function* mutantsOf(
	vectors: readonly PreparedVector[],
	count: number,
	seed: number,
): Iterable<Mutant> {
	const pool = new Pool(vectors);
	const sources = vectors.filter(isMutable).map((vector) => new Source(vector, pool, seed));
	for (let made = 0, idle = 0, turn = 0; made < count && idle < sources.length; turn++) {
		const mutant = sources[turn % sources.length]?.next();
		if (mutant) {
			made++;
			idle = 0;
			yield mutant;
		} else idle++;
	}
}

/** Tries before a vector counts as exhausted. */
const maxTries = 50;

/** Mutants of one vector, no two equal. */
class Source {
	readonly #facts: (StepFacts | undefined)[];
	readonly #made = new Set<string>();
	readonly #cuts: { step: number; edit: Edit }[];
	#turn = 0;

	constructor(
		readonly vector: PreparedVector,
		readonly pool: Pool,
		readonly seed: number,
	) {
		this.#facts = bare(vector).steps.map((step) => stepFacts(vector, step));
		this.#cuts = this.#facts.flatMap((facts, step) =>
			facts ? cutsOf(facts).map((edit) => ({ step, edit })) : [],
		);
		for (const [step, { packet, context }] of bare(vector).steps.entries())
			this.#made.add(identity(step, packet, context));
	}

	next(): Mutant | undefined {
		for (let tries = 0; tries < maxTries; tries++) {
			const mutant = this.#make(this.#turn++);
			const step = mutant?.vector.steps[mutant.step];
			if (!mutant || !step) continue;
			const made = identity(mutant.step, step.packet, step.context);
			if (this.#made.has(made)) continue;
			this.#made.add(made);
			return mutant;
		}
		return undefined;
	}

	/** Every second one is a cut as long as there are cuts left. */
	#make(turn: number): Mutant | undefined {
		const cut = turn % 2 === 0 ? this.#cuts[turn / 2] : undefined;
		if (cut) return mutantOf(this.vector, cut.step, [cut.edit], this.#facts[cut.step]);
		const random = randomFor(this.seed, this.vector.case, turn);
		const step = random.below(this.#facts.length);
		const facts = this.#facts[step];
		const edits: Edit[] = [];
		for (const wanted = random.pick([1, 1, 1, 1, 2, 2, 3, 4]); edits.length < wanted; ) {
			const edit = proposeEdit(this.vector, step, facts, random, this.pool);
			if (!edit) break;
			edits.push(edit);
		}
		return edits.length > 0 ? mutantOf(this.vector, step, edits, facts) : undefined;
	}
}

/** Numbers of one mutant, whatever was made before it. */
function randomFor(seed: number, name: string, turn: number): Random {
	const digest = createHash("sha256")
		.update(JSON.stringify([seed, name, turn]))
		.digest();
	return new Random(digest.readUInt32LE(0));
}

function identity(step: number, packet: Uint8Array | undefined, context: Uint8Array | undefined): string {
	const digest = createHash("sha256");
	digest.update(`${step} ${packet ? toHex(packet) : ""} ${context ? toHex(context) : ""}`);
	return digest.digest("base64");
}
