// SPDX-License-Identifier: Apache-2.0

import { MapContent } from "../../../data/vectors/map-content.js";
import {
	contentModel,
	isEventMap,
	isReadable,
	type MapModel,
	mapModel,
} from "../../../data/vectors/map-model.js";
import type { Subject } from "../../../data/vectors/subject.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { Args, Result, TestRun } from "../../../machine/guest/operations.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { type LoadedObject, loadObject } from "../load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../load/open-args.js";
import { dissectorVerdict } from "./dissector.js";
import { fillOf } from "./map-fill.js";
import { runArgs } from "./run-args.js";
import { Sockets } from "./sockets.js";
import {
	type Batch,
	type Batches,
	batchesOf,
	isLookedAt,
	runsAttached,
	whileAttached,
} from "./vector-batches.js";
import { malformed, packedEntries, runOf, type StepRun, tooLarge, type VectorRun } from "./vector-run.js";
import { XdpTestDevice } from "./xdp-test-device.js";

export type { StepRun, VectorRun } from "./vector-run.js";

/** Larger arrays are read only for a vector that expects something of them. */
const maxUnasked = 256 * 1024;
const maxBatch = 256;

interface Sent {
	/** Of the object in which they run. */
	handle: number;
	before: Map<string, MapContent>;
	answer: Promise<Result<"replay">>;
}

export type CoverageSink = (coverage: Result<"coverage_read">) => void;

/** Another way to load the object; called again after the object was closed. */
export type Load = (args: Args<"object_open">) => Promise<LoadedObject>;

/** An object with its constants in a guest; each vector finds the maps as after loading. */
export class VectorSession {
	#loaded: LoadedObject = { loaded: new Map(), refused: new Map(), maps: [] };
	/** Content of maps before any vector, as far as it was read. */
	readonly #contents = new Map<string, Promise<MapContent>>();
	/** Possible CPUs: each has a value in per-CPU maps. */
	#cpus: number;
	/** The object must be loaded again before the next run. */
	#spoilt = false;
	#reloading: Promise<void> | undefined;
	#pending = 0;
	readonly #sockets: Sockets;
	readonly #device: XdpTestDevice;
	/** Translates retvals of flow dissectors on this kernel. */
	#dissectorVerdict: Promise<(retval: number) => number> | undefined;

	private constructor(
		readonly guest: Guest,
		readonly subject: Subject,
		private readonly programs: readonly string[],
		private readonly eventMaps: readonly string[],
		private readonly readable: readonly MapModel[],
		private readonly measured?: CoverageSink,
		private readonly load?: Load,
	) {
		this.#cpus = guest.greeting.cpus;
		this.#sockets = new Sockets(guest.client);
		this.#device = new XdpTestDevice(guest.client);
	}

	/**
	 * Loads the object with its autoload programs and those of the vectors.
	 * @param measured loads programs with probes; gets the coverage at the end of each load
	 */
	static async open(
		guest: Guest,
		subject: Subject,
		programs: readonly string[],
		measured?: CoverageSink,
		load?: Load,
	): Promise<VectorSession> {
		const { object } = subject;
		await guest.client.call("file_write", { path: guestPath(object), data: object.loadable });
		const called = programs.filter((name) => !object.others?.has(name));
		const names = [...new Set([...wantedPrograms(object).map(({ name }) => name), ...called])];
		const models = object.maps.flatMap(({ name }) => mapModel(object, name) ?? []);
		const readable = models
			.filter((model) => isReadable(model) && !/^\.(rodata|kconfig)/.test(model.name))
			.map(contentModel);
		const eventMaps = object.maps.filter(({ type }) => isEventMap(type)).map(({ name }) => name);
		const session = new VectorSession(guest, subject, names, eventMaps, readable, measured, load);
		await session.#load();
		return session;
	}

	async #load(): Promise<void> {
		const { client, greeting } = this.guest;
		const args = openArgs(this.subject.object, greeting.cpus, new Map());
		this.#loaded = this.load
			? await this.load(args)
			: await loadObject(client, args, this.programs, this.measured !== undefined);
		this.#contents.clear();
		const { handle } = this.#loaded;
		if (handle === undefined) return;
		for (const map of this.eventMaps) await client.call("events_watch", { object: handle, map });
		await client.call("object_snapshot", { object: handle });
		const perCpu = this.readable.find((model) => model.perCpu);
		if (perCpu) this.#cpus = (await client.call("map_dump", { object: handle, map: perCpu.name })).cpus;
	}

	get loaded(): LoadedObject {
		return this.#loaded;
	}

	/** Vectors that were sent and have no result yet: one of them may have caused a loss. */
	get pending(): number {
		return this.#pending;
	}

	async close(): Promise<void> {
		await this.#unload();
		await this.#device.close();
		await this.#sockets.close();
		await this.guest.client.call("file_remove", { path: guestPath(this.subject.object) });
	}

	async #unload(): Promise<void> {
		const { client } = this.guest;
		const { handle } = this.#loaded;
		if (handle === undefined) return;
		await this.#device.detach();
		this.measured?.(await client.call("coverage_read", { object: handle }));
		await client.call("object_close", { object: handle });
	}

	async run(vector: PreparedVector): Promise<VectorRun> {
		const [run] = await this.runAll([vector]);
		if (!run) throw new Error(`${vector.case} was not run`);
		return run;
	}

	/** Runs all, and returns when the last has ended. */
	async runAll(vectors: readonly PreparedVector[]): Promise<VectorRun[]> {
		const runs: VectorRun[] = [];
		for await (const run of this.runEach(vectors)) runs.push(run);
		return runs;
	}

	/**
	 * Fills maps, runs packets, reads and resets maps, vector by vector; many in one request, the
	 * next sent before this answer is processed. All their programs must be loaded.
	 * @throws UndecidedError for a lost guest, or a map too large to read; earlier results are
	 * valid
	 */
	async *runEach(
		vectors: readonly PreparedVector[],
		{ most = maxBatch, oneAtATime = false }: Batches = {},
	): AsyncGenerator<VectorRun, void> {
		this.#pending = 0;
		const batches = batchesOf(vectors, most, (vector) => this.#modelsFor(vector));
		let ahead: Promise<Sent> | undefined;
		let asked = performance.now();
		for (const [index, batch] of batches.entries()) {
			let rest = batch;
			let sent = ahead ?? this.#send(rest);
			this.#pending += ahead ? 0 : rest.vectors.length;
			const alone =
				oneAtATime || [...batch.vectors, ...(batches[index + 1]?.vectors ?? [])].some(runsAttached);
			const next = alone ? undefined : batches[index + 1];
			ahead = next && this.#sendAhead(next);
			for (;;) {
				const { handle, before, answer } = await sent;
				const { cases, equal } = await answer;
				const duration_ms = (performance.now() - asked) / Math.max(1, cases.length);
				if (cases.length > rest.vectors.length) throw malformed("more cases than were sent");
				for (const [at, each] of cases.entries()) {
					const vector = rest.vectors[at]!;
					const run = runOf(vector, each, rest.models, before, this.eventMaps);
					await this.#interpret(vector, run.steps);
					this.#spoilt ||= !equal && handle === this.#loaded.handle;
					yield { ...run, duration_ms, spoilt: !equal && at === cases.length - 1 };
					this.#pending--;
				}
				this.#spoilt ||= !equal && handle === this.#loaded.handle;
				asked = performance.now();
				rest = { ...rest, vectors: rest.vectors.slice(cases.length) };
				if (rest.vectors.length === 0) break;
				if (cases.length === 0 && equal) throw malformed("no case done");
				sent = this.#send(rest);
			}
		}
	}

	/** Translates what only the guest's kernel or its agent can. */
	async #interpret({ subject: { type } }: PreparedVector, steps: readonly StepRun[]): Promise<void> {
		if (type === "flow_dissector") {
			this.#dissectorVerdict ??= dissectorVerdict(this.guest.client);
			const verdict = await this.#dissectorVerdict;
			for (const { run } of steps) run.retval = verdict(run.retval);
		}
		if (type === "sk_lookup") for (const step of steps) step.sockets = this.#sockets.names;
	}

	#sendAhead(batch: Batch): Promise<Sent> {
		const sent = this.#send(batch);
		this.#pending += batch.vectors.length;
		// Its failure is thrown where it is awaited; it never is when the batch before it failed.
		sent.catch(() => {});
		return sent;
	}

	async #send({ vectors, models }: Batch): Promise<Sent> {
		await this.#sockets.prepare(vectors);
		let object: number;
		let before: Map<string, MapContent>;
		do {
			if (this.#spoilt) await this.#reload();
			object = this.#handle;
			await this.#device.prepare(object, vectors);
			before = await this.#snapshotOf(models);
			// The batch before this one may have been answered in the meantime.
		} while (this.#spoilt || object !== this.#loaded.handle);
		const programs = [...new Set(vectors.map(({ subject }) => subject.program.name))];
		const request: Args<"replay"> = {
			object,
			programs,
			maps: models.map(({ name }) => name),
			events: [...this.eventMaps],
			cases: vectors.map((vector) => ({
				program: programs.indexOf(vector.subject.program.name),
				...(vector.before.length > 0
					? { fills: vector.before.map((fill) => fillOf(fill, this.#cpus, this.#sockets)) }
					: {}),
				runs: vector.steps.map((step, index) => ({
					run: runArgs(vector, step),
					...(isLookedAt(vector, index) ? { look: true } : {}),
				})),
			})),
		};
		const replay = () => this.guest.client.call("replay", request);
		const [program] = programs;
		const attached = program !== undefined && vectors.some(runsAttached);
		const answer = attached ? whileAttached(this.guest.client, object, program, replay) : replay();
		answer.catch(() => {});
		return { handle: object, before, answer };
	}

	#reload(): Promise<void> {
		this.#reloading ??= (async () => {
			await this.#unload();
			await this.#load();
			this.#spoilt = false;
		})().finally(() => {
			this.#reloading = undefined;
		});
		return this.#reloading;
	}

	/** Maps before any vector; valid only while nothing has changed since the snapshot. */
	async #snapshotOf(models: readonly MapModel[]): Promise<Map<string, MapContent>> {
		const contents = models.map(async (model): Promise<[string, MapContent]> => {
			let content = this.#contents.get(model.name);
			if (!content) {
				content = this.#dump(model);
				this.#contents.set(model.name, content);
			}
			return [model.name, await content];
		});
		return new Map(await Promise.all(contents));
	}

	async #dump(model: MapModel): Promise<MapContent> {
		const { name } = model;
		const dump = await this.guest.client.call("map_dump", {
			...{ object: this.#handle, map: name },
			...{ nested: true, packed: true },
		});
		if (dump.truncated) throw tooLarge(name);
		const { keys, values } = dump.packed ?? { keys: new Uint8Array(), values: new Uint8Array() };
		return new MapContent(model, packedEntries(model, keys.length / model.key.size, keys, values));
	}

	/** Runs one input by itself, to find out why the kernel refuses another. */
	async probe(program: string, run: Args<"test_run">["runs"][number]): Promise<TestRun> {
		const answer = await this.guest.client.call("test_run", { object: this.#handle, program, runs: [run] });
		await this.guest.client.call("object_reset", { object: this.#handle });
		const [only] = answer.runs;
		if (!only) throw new Error("test_run answered without a run");
		return only;
	}

	get #handle(): number {
		if (this.#loaded.handle === undefined) throw new Error(`${this.subject.object.file} is not loaded`);
		return this.#loaded.handle;
	}

	#modelsFor(vector: PreparedVector): MapModel[] {
		const expected = [...vector.steps.map((step) => step.expected), ...(vector.after ? [vector.after] : [])];
		const asked = new Set(expected.flatMap(({ maps }) => maps.map(({ model }) => model.name)));
		const { maps } = this.subject.object;
		return this.readable.filter(({ name, array, value }) => {
			const entries = maps.find((map) => map.name === name)?.max_entries ?? 0;
			return !array || asked.has(name) || entries * value.size <= maxUnasked;
		});
	}
}
