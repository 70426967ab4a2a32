// SPDX-License-Identifier: Apache-2.0

import { UndecidedError } from "../../base/errors.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";
import type { GuestSource } from "../../lab/workbench.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import type { Guest, Splat } from "../../machine/vm/guest.js";
import type { ExploreLab } from "./mutant-search.js";
import { type Observation, observationOf } from "./observation.js";

/** After so many crashes among many vectors, a kernel is given no more than one at a time. */
const maxCrashes = 3;
/** A hang costs the patience each time that it is waited for, and hardly comes alone. */
const ofHang = maxCrashes;

interface Room {
	/** Its place is taken while it comes up. */
	guest: Promise<Guest>;
	/** Undefined until the object is loaded; then whether the program is among what loaded. */
	session?: VectorSession;
	busy: boolean;
	/** When it was last asked. */
	used: number;
}

/**
 * Guests of several kernels for the vectors of one program, each with the object loaded. No more of
 * them than `jobs` at a time: one that was not used for longest is given up for another, so that
 * kernels are asked in turn where there are more.
 */
export class GuestLab implements ExploreLab, AsyncDisposable {
	readonly kernels: readonly string[];
	readonly #kernels: ReadonlyMap<string, Kernel>;
	readonly #rooms = new Map<string, Room>();
	readonly #crashes = new Map<string, number>();
	readonly #waiting: (() => void)[] = [];
	#working = 0;
	#clock = 0;

	constructor(
		kernels: readonly Kernel[],
		/** Of one object with the same constants. */
		private readonly program: PreparedVector["subject"],
		private readonly lent: { guests: GuestSource; jobs: number; signal: AbortSignal },
	) {
		this.kernels = kernels.map(({ id }) => id);
		this.#kernels = new Map(kernels.map((kernel) => [kernel.id, kernel]));
	}

	ready(kernel: string): boolean {
		return this.#rooms.has(kernel);
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

	/**
	 * One after another in a fresh guest, up to the one that brings it down; all, when none does
	 * this time.
	 */
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

	/** All of them, or the crash that one of them brought about, after which the guest is gone. */
	async #attempt(
		kernel: string,
		vectors: readonly PreparedVector[],
	): Promise<Observation[] | { crash: Extract<Observation, { kind: "crash" }> }> {
		const { room, guest, session } = await this.#ready(kernel);
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
			room.busy = false;
		}
	}

	/**
	 * A guest with the object loaded, in use from now on. One that is lost before any vector ran
	 * says nothing against a vector: another is tried, and when that is lost too, nothing can be
	 * said.
	 */
	async #ready(kernel: string, attempts = 2): Promise<{ room: Room; guest: Guest; session: VectorSession }> {
		this.lent.signal.throwIfAborted();
		const room = this.#room(kernel);
		try {
			const guest = await room.guest;
			room.session ??= await VectorSession.open(guest, this.program, [this.program.program.name]);
			return { room, guest, session: room.session };
		} catch (error) {
			await this.#giveUp(kernel);
			this.lent.signal.throwIfAborted();
			if (attempts === 1 || !(error instanceof UndecidedError)) throw error;
		}
		return this.#ready(kernel, attempts - 1);
	}

	/** In use from now on. */
	#room(kernel: string): Room {
		const present = this.#rooms.get(kernel);
		if (present) return Object.assign(present, { busy: true, used: ++this.#clock });
		const idle = [...this.#rooms].filter(([, { busy }]) => !busy).sort(([, a], [, b]) => a.used - b.used);
		const [longest] = this.#rooms.size >= this.lent.jobs ? idle : [];
		const of = this.#kernels.get(kernel);
		if (!of) throw new Error(`there is no kernel ${kernel} here`);
		const given = longest ? this.#giveUp(longest[0]) : Promise.resolve();
		const guest = given.then(() => this.lent.guests.acquire(of));
		// Told to whoever waits for it.
		guest.catch(() => {});
		const room: Room = { guest, busy: true, used: ++this.#clock };
		this.#rooms.set(kernel, room);
		return room;
	}

	async #giveUp(kernel: string): Promise<void> {
		const room = this.#rooms.get(kernel);
		this.#rooms.delete(kernel);
		await room?.guest.then(
			(guest) => guest.dispose(),
			() => {},
		);
	}

	/** Kernels on which not all was run, after too many crashes. */
	get abandoned(): string[] {
		return this.kernels.filter((kernel) => this.#isAbandoned(kernel));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([...this.#rooms.keys()].map((kernel) => this.#giveUp(kernel)));
	}
}

/** A guest that ran out of memory says nothing against a program. */
function blamed(splats: readonly Splat[]): Splat[] {
	return splats.some(({ kind }) => kind === "out-of-memory") ? [] : [...splats];
}

/** What a guest was lost by, when the program may be to blame. */
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
