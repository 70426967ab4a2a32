// SPDX-License-Identifier: Apache-2.0

import { UndecidedError } from "../../base/errors.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import type { Finding } from "../../lab/check.js";
import { runCases } from "../../lab/run-cases.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";
import { CellWorkbench, type Lent } from "../../lab/workbench.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Guest, Splat } from "../../machine/vm/guest.js";
import type { ExploreLab } from "./mutant-search.js";
import { type Observation, observationOf } from "./observation.js";

/** After this many crashes, a kernel gets vectors only one at a time. */
const maxCrashes = 3;
/** A hang counts as many crashes: each costs the whole patience, and hardly comes alone. */
const ofHang = maxCrashes;

/** The guest of one kernel. */
interface Place {
	bench: CellWorkbench;
	/** The place is taken while its guest comes up. */
	guest: Promise<Guest>;
	/** Undefined until the object is loaded. */
	session?: VectorSession;
	busy: boolean;
	/** Counts up: when it was last used. */
	used: number;
}

/**
 * Guests of several kernels for one program's vectors, at most `jobs`: the one idle for longest
 * makes place, so that kernels take turns.
 */
export class GuestLab implements ExploreLab, AsyncDisposable {
	readonly kernels: readonly string[];
	readonly #kernels: ReadonlyMap<string, Kernel>;
	readonly #places = new Map<string, Place>();
	readonly #crashes = new Map<string, number>();
	readonly #waiting: (() => void)[] = [];
	/** What guests had left when they were given up, by kernel. */
	readonly #leftovers = new Map<string, Finding>();
	#working = 0;
	#clock = 0;

	constructor(
		kernels: readonly Kernel[],
		/** Of one object with the same constants. */
		private readonly program: PreparedVector["subject"],
		/** The case that explores the program. */
		private readonly caseName: string,
		private readonly lent: Lent & { jobs: number },
	) {
		this.kernels = kernels.map(({ id }) => id);
		this.#kernels = new Map(kernels.map((kernel) => [kernel.id, kernel]));
	}

	ready(kernel: string): boolean {
		return this.#places.has(kernel);
	}

	async observe(kernel: string, vectors: readonly PreparedVector[]): Promise<Observation[]> {
		if (this.#working < this.lent.jobs) this.#working++;
		else await new Promise<void>((resolve) => this.#waiting.push(resolve));
		try {
			return await this.#observe(kernel, vectors);
		} finally {
			const next = this.#waiting.shift();
			if (next) next();
			else this.#working--;
		}
	}

	async #observe(kernel: string, vectors: readonly PreparedVector[]): Promise<Observation[]> {
		const observations: Observation[] = [];
		while (observations.length < vectors.length) {
			const rest = vectors.slice(observations.length);
			if (vectors.length > 1 && this.#isAbandoned(kernel)) {
				observations.push(...rest.map((): Observation => ({ kind: "absent" })));
				break;
			}
			const all = await this.#attempt(kernel, rest);
			if (!("crash" in all)) observations.push(...all);
			else if (vectors.length === 1) observations.push(all.crash);
			else observations.push(...(await this.#untilCrash(kernel, rest)));
		}
		return observations;
	}

	/** One after another in a fresh guest, up to the one that crashes it, if one does now. */
	async #untilCrash(kernel: string, vectors: readonly PreparedVector[]): Promise<Observation[]> {
		const observations: Observation[] = [];
		for (const vector of vectors) {
			const one = await this.#attempt(kernel, [vector]);
			if ("crash" in one) {
				const cost = one.crash.how === "hang" ? ofHang : 1;
				this.#crashes.set(kernel, (this.#crashes.get(kernel) ?? 0) + cost);
				return [...observations, one.crash];
			}
			observations.push(...one);
		}
		return observations;
	}

	#isAbandoned(kernel: string): boolean {
		return (this.#crashes.get(kernel) ?? 0) >= maxCrashes;
	}

	/** All of them, or the crash that one of them caused, after which the guest is gone. */
	async #attempt(
		kernel: string,
		vectors: readonly PreparedVector[],
	): Promise<Observation[] | { crash: Extract<Observation, { kind: "crash" }> }> {
		const { place, guest, session } = await this.#ready(kernel);
		try {
			if (!session.loaded.loaded.has(this.program.program.name))
				return vectors.map(() => ({ kind: "absent" }));
			const runs = await session.runAll(vectors);
			const [splat] = blamed(await guest.splats());
			if (splat) {
				await this.#giveUp(kernel);
				return { crash: { kind: "crash", how: splat.kind, title: splat.title } };
			}
			return vectors.map((vector, index) => {
				const run = runs[index];
				if (!run) throw new Error(`${vector.case} was not run`);
				return observationOf(vector, run);
			});
		} catch (error) {
			this.lent.signal.throwIfAborted();
			const splats = await guest.splats();
			await this.#giveUp(kernel);
			const crash = crashOf(error, splats);
			if (!crash) throw error;
			return { crash };
		} finally {
			place.busy = false;
		}
	}

	/** A guest with the object, in use; one lost before any vector ran is tried again. */
	async #ready(
		kernel: string,
		attempts = 2,
	): Promise<{ place: Place; guest: Guest; session: VectorSession }> {
		this.lent.signal.throwIfAborted();
		const place = this.#place(kernel);
		try {
			const guest = await place.guest;
			place.session ??= await VectorSession.open(guest, this.program, [this.program.program.name]);
			return { place, guest, session: place.session };
		} catch (error) {
			await this.#giveUp(kernel);
			this.lent.signal.throwIfAborted();
			if (attempts === 1 || !(error instanceof UndecidedError)) throw error;
		}
		return this.#ready(kernel, attempts - 1);
	}

	/** In use from now on. */
	#place(kernel: string): Place {
		const present = this.#places.get(kernel);
		if (present) return Object.assign(present, { busy: true, used: ++this.#clock });
		const idle = [...this.#places].filter(([, { busy }]) => !busy).sort(([, a], [, b]) => a.used - b.used);
		const [longest] = this.#places.size >= this.lent.jobs ? idle : [];
		const of = this.#kernels.get(kernel);
		if (!of) throw new Error(`there is no kernel ${kernel} here`);
		const left = longest ? this.#leave(longest[0]) : Promise.resolve();
		const bench = new CellWorkbench(of, this.lent);
		const guest = left.then(() => bench.guest());
		// `#ready` awaits it and handles the failure.
		guest.catch(() => {});
		const place: Place = { bench, guest, busy: true, used: ++this.#clock };
		this.#places.set(kernel, place);
		return place;
	}

	/** Ends the guest of a kernel after a loss. */
	async #giveUp(kernel: string): Promise<void> {
		const place = this.#places.get(kernel);
		this.#places.delete(kernel);
		await place?.guest.catch(() => {});
		await place?.bench.retire();
	}

	/** Unloads the object, records what is left in the guest, and ends it. */
	async #leave(kernel: string): Promise<void> {
		const place = this.#places.get(kernel);
		this.#places.delete(kernel);
		if (!place) return;
		await place.guest.catch(() => {});
		const settled = runCases(place.bench, {
			cases: [],
			leftovers: `leftovers/${this.caseName}`,
			after: `the vectors of ${this.program.program.name} ran and ${this.program.object.file} was unloaded`,
			async *run() {
				await place.session?.close();
				yield* [];
			},
		});
		try {
			for await (const finding of settled) this.#leftovers.set(kernel, finding);
		} finally {
			await place.bench.retire();
		}
	}

	async leftovers(): Promise<ReadonlyMap<string, Finding>> {
		await Promise.all([...this.#places.keys()].map((kernel) => this.#leave(kernel)));
		return this.#leftovers;
	}

	/** Kernels on which some vectors did not run, after too many crashes. */
	get abandoned(): string[] {
		return this.kernels.filter((kernel) => this.#isAbandoned(kernel));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([...this.#places.keys()].map((kernel) => this.#giveUp(kernel)));
	}
}

/** Splats that a program may have caused: none when the guest ran out of memory. */
function blamed(splats: readonly Splat[]): Splat[] {
	return splats.some(({ kind }) => kind === "out-of-memory")
		? []
		: splats.filter(({ kind }) => kind !== "silent");
}

/** The crash that lost a guest, if the program may have caused it. */
function crashOf(
	error: unknown,
	splats: readonly Splat[],
): Extract<Observation, { kind: "crash" }> | undefined {
	if (!(error instanceof UndecidedError)) return undefined;
	const [splat] = blamed(splats);
	if (splat) return { kind: "crash", how: splat.kind, title: splat.title };
	return error.code === "guest-hung"
		? { kind: "crash", how: "hang", title: "the guest did not answer" }
		: undefined;
}
