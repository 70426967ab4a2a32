// SPDX-License-Identifier: Apache-2.0
import { bare, isMutable, type Mutant, mutantsOf, mutantText } from "../../data/vectors/explore/mutant.js";
import { writtenVector } from "../../data/vectors/explore/saved.js";
import { fewerEdits, simpler } from "../../data/vectors/explore/shrink.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import type { Observation } from "./observation.js";
import { differingClasses, type Observations, type Symptom, symptomsOf } from "./symptom.js";

/** Kernels on which vectors run. */
export interface ExploreLab {
	kernels: readonly string[];
	/** True if a kernel has a guest already: such kernels are asked first. */
	ready(kernel: string): boolean;
	/**
	 * The result of each vector on the kernel, each with maps as after loading. Only the vector
	 * that causes a crash has it. May be called for several kernels at the same time.
	 */
	observe(kernel: string, vectors: readonly PreparedVector[]): Promise<Observation[]>;
}

export interface SearchOptions {
	/** Number of mutants to make. */
	mutants: number;
	seed: number;
	signal: AbortSignal;
	/** Called with the number of mutants that ran. */
	progress?: (done: number) => void;
	/** In ms; `performance.now` unless given. */
	clock?: () => number;
}

export interface Find {
	symptom: Symptom;
	/** The smallest vector that was found to show the symptom. */
	vector: PreparedVector;
	/** The case that it was made from; `text` has the changes that are needed. */
	base: string;
	text: string;
}

/** The result of a search. It counts mutants, not runs. */
export interface Searched {
	mutants: number;
	finds: Find[];
	/** Mutants with the symptom of an earlier find. */
	similar: number;
	/** Mutants with other symptoms, beyond the maximum of finds. */
	omitted: number;
	/** Mutants whose symptom did not happen again. */
	unstable: number;
	/** Mutants that some kernels run and others refuse, which is not up to the program. */
	refused_differently: number;
	/** Mutants that every kernel refused. */
	refused: number;
	/** Vectors that run unchanged on no kernel, or that have nothing to change. */
	left_out: string[];
	/** Facts that were not compared, by vector: they differ without a change, or between runs. */
	not_compared: Record<string, string[]>;
}

/** Mutants in a batch: `first`, then as many as take `time` ms; each costs guests, so `least`. */
const batch = { first: 100, least: 25, most: 1000, time: 10_000 };
const maxFinds = 20;
/** Most finds of the same symptom, each from another vector. */
const maxOfSymptom = 3;
/** Mutants tried for a symptom that does not happen again. */
const maxUnstable = 3;
const maxRounds = 60;
/** Times that a symptom must recur: a coin falls alike 8 times on 2 kernels in 1 of 65,536. */
const confirmations = 8;
/** Most guests lost to make a crash smaller: a hang costs the patience of each. */
const maxCrashTries = 2;

interface Base {
	/** Kernels on which the vector runs unchanged. */
	kernels: Set<string>;
	/** Classes of facts that are not compared. */
	ignored: Set<string>;
}

/** Looks for mutants that show a symptom, and makes them small. @param vectors of one program */
export async function search(
	lab: ExploreLab,
	vectors: readonly PreparedVector[],
	options: SearchOptions,
): Promise<Searched> {
	return new Search(lab, options).run(vectors);
}

class Search {
	readonly #bases = new Map<PreparedVector, Base>();
	/** Symptoms of vectors that are finds, or too unstable to try again. */
	readonly #seen = new Set<string>();
	readonly #ofSymptom = new Map<string, number>();
	readonly #unstable = new Map<string, number>();
	readonly #written = new Set<string>();
	/** Return values that vectors expect: the slot of a dispatcher may have values of its own. */
	#meant: ReadonlySet<number> = new Set();
	readonly #result: Searched = {
		mutants: 0,
		finds: [],
		similar: 0,
		omitted: 0,
		unstable: 0,
		refused_differently: 0,
		refused: 0,
		left_out: [],
		not_compared: {},
	};

	constructor(
		readonly lab: ExploreLab,
		readonly options: SearchOptions,
	) {}

	async run(vectors: readonly PreparedVector[]): Promise<Searched> {
		const result = this.#result;
		this.#meant = new Set(
			vectors.flatMap(({ steps }) => steps.flatMap(({ expected }) => expected.retval ?? [])),
		);
		const mutable = vectors.filter(isMutable);
		await this.#learn(mutable);
		const usable = mutable.filter((vector) => (this.#bases.get(vector)?.kernels.size ?? 0) > 0);
		result.left_out = vectors.filter((vector) => !usable.includes(vector)).map((vector) => vector.case);
		const { mutants: wanted, seed, clock = () => performance.now() } = this.options;
		for (const mutants of batches(mutantsOf(usable, wanted, seed), clock)) {
			this.options.signal.throwIfAborted();
			const observed = await this.#observe(
				this.lab.kernels,
				mutants.map(({ vector }) => vector),
			);
			for (const [index, mutant] of mutants.entries()) await this.#look(mutant, observed[index]!);
			result.mutants += mutants.length;
			this.options.progress?.(result.mutants);
		}
		for (const [vector, { ignored }] of this.#bases)
			if (ignored.size > 0) result.not_compared[vector.case] = [...ignored].sort();
		return result;
	}

	/** Runs the vectors unchanged, three times: on which kernels they run, which facts vary. */
	async #learn(vectors: readonly PreparedVector[]): Promise<void> {
		const unchanged = vectors.map((base): Mutant => ({ base, step: 0, edits: [], vector: bare(base) }));
		const first = await this.#observe(
			this.lab.kernels,
			unchanged.map(({ vector }) => vector),
		);
		for (const [index, { base }] of unchanged.entries()) {
			const ran = [...first[index]!].filter(([, { kind }]) => kind === "ran");
			const ignored = differingClasses(ran.map(([, observation]) => observation));
			this.#bases.set(base, { kernels: new Set(ran.map(([kernel]) => kernel)), ignored });
		}
		const running = unchanged.filter(({ base }) => this.#base(base).kernels.size > 0);
		const again = running.flatMap(({ vector }) => [vector, vector]);
		const repeated = await this.#observe(this.lab.kernels, again);
		for (const [index, { base }] of running.entries()) {
			const runs = [
				first[unchanged.findIndex((each) => each.base === base)]!,
				...repeated.slice(index * 2, index * 2 + 2),
			];
			for (const kernel of this.#base(base).kernels) {
				const ofKernel = runs.flatMap((run) => run.get(kernel) ?? []);
				for (const name of differingClasses(ofKernel)) this.#base(base).ignored.add(name);
			}
		}
		for (const [index, mutant] of unchanged.entries()) {
			const wrong = this.#symptomsOf(mutant.vector, first[index]!).filter(
				({ kind }) => kind !== "disagreement",
			);
			for (const symptom of wrong) await this.#pursue(mutant, symptom);
		}
	}

	#symptomsOf(vector: PreparedVector, observations: Observations, ignored?: ReadonlySet<string>): Symptom[] {
		return symptomsOf(vector, observations, ignored, this.#meant);
	}

	#base(vector: PreparedVector): Base {
		const base = this.#bases.get(vector);
		if (!base) throw new Error(`${vector.case} did not run unchanged`);
		return base;
	}

	async #observe(kernels: readonly string[], vectors: readonly PreparedVector[]): Promise<Observations[]> {
		const inTurn = [...kernels].sort((a, b) => Number(this.lab.ready(b)) - Number(this.lab.ready(a)));
		const asked = new Map(inTurn.map((kernel) => [kernel, this.lab.observe(kernel, vectors)]));
		await Promise.all(asked.values());
		const rows = await Promise.all(
			kernels.map(async (kernel) => [kernel, (await asked.get(kernel))!] as const),
		);
		return vectors.map((_, index) => new Map(rows.map(([kernel, row]) => [kernel, row[index]!])));
	}

	async #look(mutant: Mutant, all: Observations): Promise<void> {
		const { kernels, ignored } = this.#base(mutant.base);
		const observations = new Map([...all].filter(([kernel]) => kernels.has(kernel)));
		const kinds = new Set([...observations.values()].map(({ kind }) => kind));
		if (kinds.has("refused")) {
			if (kinds.has("ran")) this.#result.refused_differently++;
			else this.#result.refused++;
		}
		for (const symptom of this.#symptomsOf(mutant.vector, observations, ignored))
			await this.#pursue(mutant, symptom);
	}

	/** Makes a symptom a find, unless it is one already or does not happen again. */
	async #pursue(mutant: Mutant, symptom: Symptom): Promise<void> {
		const result = this.#result;
		const id = `${mutant.base.case} ${symptom.key}`;
		const ofSymptom = this.#ofSymptom.get(symptom.key) ?? 0;
		if (this.#seen.has(id) || ofSymptom >= maxOfSymptom) {
			result.similar++;
			return;
		}
		if (result.finds.length >= maxFinds) {
			result.omitted++;
			return;
		}
		this.options.signal.throwIfAborted();
		if (!(await this.#confirmed(mutant, symptom))) {
			result.unstable++;
			const times = (this.#unstable.get(id) ?? 0) + 1;
			this.#unstable.set(id, times);
			if (times >= maxUnstable) this.#seen.add(id);
			return;
		}
		this.#seen.add(id);
		this.#ofSymptom.set(symptom.key, ofSymptom + 1);
		const { vector, text } = await this.#smaller(mutant, symptom);
		const written = JSON.stringify([symptom.key, writtenVector(vector)]);
		if (this.#written.has(written)) {
			result.similar++;
			return;
		}
		this.#written.add(written);
		const shown = symptom.kind === "crash" ? symptom : await this.#everywhere(mutant.base, vector, symptom);
		result.finds.push({ symptom: shown, vector, base: mutant.base.case, text });
	}

	/** True if it happens each time; facts that vary are no longer compared. */
	async #confirmed({ base, vector }: Mutant, symptom: Symptom): Promise<boolean> {
		const kernels = kernelsOf(symptom);
		const runs = Array.from({ length: symptom.kind === "crash" ? 1 : confirmations }, () => vector);
		const again = await this.#observe(kernels, runs);
		const { ignored } = this.#base(base);
		for (const kernel of kernels)
			for (const name of differingClasses(again.flatMap((run) => run.get(kernel) ?? []))) ignored.add(name);
		return again.every((run) =>
			this.#symptomsOf(vector, run, ignored).some(({ key }) => key === symptom.key),
		);
	}

	/** The symptom with all kernels that show it for the smallest vector. */
	async #everywhere(base: PreparedVector, vector: PreparedVector, symptom: Symptom): Promise<Symptom> {
		const { kernels, ignored } = this.#base(base);
		const [observations] = await this.#observe([...kernels], [vector]);
		const symptoms = observations ? this.#symptomsOf(vector, observations, ignored) : [];
		return symptoms.find(({ key }) => key === symptom.key) ?? symptom;
	}

	async #smaller(mutant: Mutant, symptom: Symptom): Promise<{ vector: PreparedVector; text: string }> {
		const { ignored } = this.#base(mutant.base);
		let tries = symptom.kind === "crash" ? maxCrashTries : Number.POSITIVE_INFINITY;
		/** The first candidate that still shows it. */
		const first = async <T>(candidates: readonly T[], vectorOf: (candidate: T) => PreparedVector) => {
			if (symptom.kind !== "crash") {
				const vectors = candidates.map(vectorOf);
				const observed = vectors.length > 0 ? await this.#observe(kernelsOf(symptom), vectors) : [];
				return candidates.find((_, index) =>
					this.#symptomsOf(vectors[index]!, observed[index]!, ignored).some(({ key }) => key === symptom.key),
				);
			}
			for (const candidate of candidates) {
				if (tries-- <= 0) return undefined;
				const [observed] = await this.#observe(kernelsOf(symptom), [vectorOf(candidate)]);
				const symptoms = this.#symptomsOf(vectorOf(candidate), observed!);
				if (symptoms.some(({ key }) => key === symptom.key)) return candidate;
			}
			return undefined;
		};
		let current = mutant;
		for (let fewer: Mutant | undefined = mutant; fewer; ) {
			current = fewer;
			fewer = current.edits.length > 1 ? await first(fewerEdits(current), ({ vector }) => vector) : undefined;
		}
		let { vector } = current;
		for (let round = 0; round < maxRounds; round++) {
			this.options.signal.throwIfAborted();
			const found = await first(simpler(vector), (candidate) => candidate);
			if (!found) break;
			vector = found;
		}
		return { vector, text: mutantText(current) };
	}
}

/** Kernels that show a symptom: two for a disagreement, else one. */
function kernelsOf({ kernels, usual = [] }: Symptom): string[] {
	return [...usual.slice(0, 1), ...kernels.slice(0, 1)];
}

/** By the time that the batch before took: a slow kernel gets fewer at a time. */
function* batches<T>(items: Iterable<T>, clock: () => number): Iterable<T[]> {
	let size = batch.first;
	let full: T[] = [];
	for (const item of items) {
		full.push(item);
		if (full.length < size) continue;
		const started = clock();
		yield full;
		const asLongAsWanted = (size * batch.time) / Math.max(1, clock() - started);
		size = Math.ceil(Math.min(Math.max(asLongAsWanted, batch.least), 4 * size, batch.most));
		full = [];
	}
	if (full.length > 0) yield full;
}
