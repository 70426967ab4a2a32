// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../errors.js";
import type { Args, TestRun } from "../../guest/operations.js";
import { concat } from "../../packet/bytes.js";
import { contextStruct } from "../../vectors/context.js";
import { type Leaf, writeLeaves } from "../../vectors/leaf.js";
import {
	isEventMap,
	isReadable,
	MapContent,
	type MapModel,
	mapModel,
	type WrittenEntry,
} from "../../vectors/map-model.js";
import type { Subject } from "../../vectors/subject.js";
import type { PreparedStep, PreparedVector } from "../../vectors/suite.js";
import type { Guest } from "../../vm/guest.js";
import { type LoadedObject, loadObject } from "../load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../load/open-args.js";

/** Larger arrays are read only for a vector that expects something of them. */
const maxUnasked = 256 * 1024;
/** Room for what a program adds to a packet. */
const growth = 1024;

/** What one packet did. */
export interface StepRun {
	run: TestRun;
	/** Content of maps afterwards, by name; absent where nobody asks before the next packet. */
	maps?: Map<string, MapContent>;
	events: Map<string, Uint8Array[]>;
}

/** What one vector did. */
export interface VectorRun {
	before: Map<string, MapContent>;
	steps: StepRun[];
	/** A map that could not be filled: nothing was run. */
	unfilled?: { map: string; entry: string; errno: number };
	/** The kernel did not forget what a vector did; the object is to be loaded again. */
	spoilt: boolean;
}

/** An object with its constants, loaded in a guest: vectors run in it one after another, each on maps as after loading. */
export class Session {
	private constructor(
		readonly guest: Guest,
		readonly subject: Subject,
		readonly loaded: LoadedObject,
		private readonly eventMaps: readonly string[],
		private readonly readable: readonly MapModel[],
		/** Possible ones: each has a value in per-CPU maps. */
		private readonly cpus: number,
	) {}

	/** Loads the object with the programs that its vectors are about and those that it always loads. */
	static async open(guest: Guest, subject: Subject, programs: readonly string[]): Promise<Session> {
		const { client } = guest;
		const { object } = subject;
		await client.call("file_write", { path: guestPath(object), data: object.bytes });
		const names = [...new Set([...wantedPrograms(object).map(({ name }) => name), ...programs])];
		const loaded = await loadObject(client, openArgs(object, guest.greeting.cpus, new Map()), names);
		const models = object.maps.flatMap(({ name }) => mapModel(object, name) ?? []);
		const readable = models.filter((model) => isReadable(model) && !/^\.(rodata|kconfig)/.test(model.name));
		const eventMaps = object.maps.filter(({ type }) => isEventMap(type)).map(({ name }) => name);
		const { handle } = loaded;
		let cpus = guest.greeting.cpus;
		if (handle !== undefined) {
			for (const map of eventMaps) await client.call("events_watch", { object: handle, map });
			await client.call("object_snapshot", { object: handle });
			const perCpu = readable.find((model) => model.perCpu);
			if (perCpu) cpus = (await client.call("map_dump", { object: handle, map: perCpu.name })).cpus;
		}
		return new Session(guest, subject, loaded, eventMaps, readable, cpus);
	}

	async close(): Promise<void> {
		const { client } = this.guest;
		if (this.loaded.handle !== undefined) await client.call("object_close", { object: this.loaded.handle });
		await client.call("file_remove", { path: guestPath(this.subject.object) });
	}

	/** Fills the maps, runs the packets, reads the maps, and puts everything back. The object is loaded. */
	async run(vector: PreparedVector): Promise<VectorRun> {
		const { client } = this.guest;
		const object = this.#handle;
		// Nothing here waits for an answer before the next request: the agent takes them in order.
		const fills = vector.before.map(({ model, entries }) => ({
			model,
			entries,
			done: client.call("map_write", {
				object,
				map: model.name,
				entries: entries.map((entry) => this.#entry(model, entry)),
			}),
		}));
		const models = this.#modelsFor(vector);
		const before = this.#dump(models);
		const steps = vector.steps.map((step, index) => {
			const next = vector.steps[index + 1];
			const asked = step.expected.maps.length > 0 || !next || next.expected.maps.length > 0;
			const request = { object, program: vector.subject.program.name, runs: [this.runArgs(vector, step)] };
			return {
				run: client.call("test_run", request),
				maps: asked ? this.#dump(models) : undefined,
				events: this.eventMaps.map((map) => ({ map, drained: client.call("events_drain", { object, map }) })),
			};
		});
		const reset = client.call("object_reset", { object });
		await Promise.allSettled([
			...fills.map(({ done }) => done),
			before,
			...steps.flatMap(({ run, maps, events }) => [run, maps, ...events.map(({ drained }) => drained)]),
			reset,
		]);
		const { equal } = await reset;
		for (const { model, entries, done } of fills) {
			const { errnos } = await done;
			const at = errnos.findIndex((errno) => errno !== 0);
			if (at < 0) continue;
			const unfilled = { map: model.name, entry: entries[at]?.label ?? model.name, errno: errnos[at] ?? 0 };
			return { before: await before, steps: [], unfilled, spoilt: !equal };
		}
		const runs: StepRun[] = [];
		for (const { run, maps, events } of steps) {
			const [only] = (await run).runs;
			if (!only) throw new Error("test_run answered without a run");
			const drained = new Map<string, Uint8Array[]>();
			for (const { map, drained: answer } of events) drained.set(map, (await answer).events);
			runs.push({ run: only, ...(maps ? { maps: await maps } : {}), events: drained });
		}
		return { before: await before, steps: runs, spoilt: !equal };
	}

	/** Runs one input by itself, to find out what the kernel has against another. */
	async probe(program: string, run: Args<"test_run">["runs"][number]): Promise<TestRun> {
		const answer = await this.guest.client.call("test_run", { object: this.#handle, program, runs: [run] });
		await this.guest.client.call("object_reset", { object: this.#handle });
		const [only] = answer.runs;
		if (!only) throw new Error("test_run answered without a run");
		return only;
	}

	/** What the kernel is given for a step. */
	runArgs(vector: PreparedVector, step: PreparedStep): Args<"test_run">["runs"][number] {
		const { type } = vector.subject;
		const { packet, metadata } = step;
		const data = packet && concat(metadata, packet);
		const context = type === "xdp" ? (step.wantsContext ? xdpContext(step) : undefined) : step.context;
		const struct = contextStruct(type);
		const wanted = contextOut.has(type) ? struct?.size : context?.length;
		return {
			...(data ? { data_in: data } : {}),
			data_out_max: data && !noDataOut.has(type) ? data.length + growth : 0,
			...(context ? { ctx_in: context } : {}),
			ctx_out_max: wanted ?? 0,
			...(step.repeat > 1 ? { repeat: step.repeat } : {}),
			...(vector.cpu === undefined ? {} : { cpu: vector.cpu, flags: testRunOnCpu }),
		};
	}

	get #handle(): number {
		if (this.loaded.handle === undefined) throw new Error(`${this.subject.object.file} is not loaded`);
		return this.loaded.handle;
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

	async #dump(models: readonly MapModel[]): Promise<Map<string, MapContent>> {
		const { client } = this.guest;
		const dumps = models.map(async (model): Promise<[string, MapContent]> => {
			const { name } = model;
			const { entries, truncated } = await client.call("map_dump", { object: this.#handle, map: name });
			if (truncated)
				throw new UndecidedError(
					"map-too-large",
					`map ${name} has more entries than are read, so what a packet does to it is not seen`,
					"give it a smaller max_entries in the manifest, or fewer entries in maps_before",
				);
			return [name, new MapContent(model, entries)];
		});
		return new Map(await Promise.all(dumps));
	}

	/** A value for all CPUs is put on the first and zero on the others: what is read is their sum. */
	#entry(model: MapModel, { key, value }: WrittenEntry): Args<"map_write">["entries"][number] {
		const keyed = model.key.size > 0 ? { key } : {};
		const { perCpu } = model;
		const size = perCpu ? Math.ceil(model.value.size / 8) * 8 : model.value.size;
		const bytesOf = (leaves: readonly Leaf[] = []) => {
			const bytes = new Uint8Array(size);
			writeLeaves(leaves, bytes);
			return bytes;
		};
		const cpus = Array.from({ length: perCpu ? this.cpus : 1 }, (_, cpu) => cpu);
		switch (value?.kind) {
			case "all":
				return { ...keyed, value: concat(...cpus.map((cpu) => bytesOf(cpu === 0 ? value.leaves : []))) };
			case "percpu":
				return { ...keyed, value: concat(...cpus.map((cpu) => bytesOf(value.leaves[cpu]))) };
			case "inner": {
				const { inner } = model;
				return { ...keyed, inner: inner ? value.entries.map((entry) => this.#entry(inner, entry)) : [] };
			}
			case undefined:
				throw new Error(`an entry of ${model.name} has no value that can be written`);
		}
	}
}

/** BPF_F_TEST_RUN_ON_CPU */
const testRunOnCpu = 1;
/** Programs of these types give a context back without having been given one. */
const contextOut = new Set([
	"socket_filter",
	"sched_cls",
	"sched_act",
	"cgroup_skb",
	"lwt_in",
	"lwt_out",
	"lwt_xmit",
	"lwt_seg6local",
]);
const noDataOut = new Set(["netfilter"]);

/** data and data_end count from the start of the metadata (K: net/bpf/test_run.c, xdp_convert_md_to_buff). */
export function xdpContext({ packet, metadata, context }: PreparedStep): Uint8Array {
	const bytes = new Uint8Array(contextStruct("xdp")?.size ?? 0);
	bytes.set(context ?? []);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, metadata.length, true);
	view.setUint32(4, metadata.length + (packet?.length ?? 0), true);
	view.setUint32(8, 0, true);
	return bytes;
}
