// SPDX-License-Identifier: Apache-2.0

import type { PackageObject } from "../../data/package/package.js";
import { chainHooks } from "../../data/package/sections/chain-hooks.js";
import { loadObject, type Refusal } from "../../lab/subject/load/load-object.js";
import { openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { fillMaps } from "../../lab/subject/session/map-fill.js";
import { Sockets } from "../../lab/subject/session/sockets.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { runCount } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import { type ChainEntry, entryName } from "./chain-entry.js";
import { allDone, RefusedEntry } from "./mechanism.js";
import type { DeclaredChain } from "./model/declared-chain.js";
import { movedPins, reusedPins } from "./model/member-pins.js";
import { type MemberRun, OrderRecorder, type PacketKind } from "./order-recorder.js";
import type { TracedEntry } from "./packet-trace.js";
import { refusedProgram, refusedWhole } from "./refused-object.js";
import { constantStandIn, loadOwn, type OwnProgram, ownPath, writeOwn } from "./stand-in.js";

const packetKinds: Readonly<Record<string, PacketKind>> = { xdp: "xdp", sched_cls: "skb", cgroup_skb: "skb" };
/** Ring buffer for one run, and most packets of a flow: 10,000 and others. */
const runBytes = 32;
const flowPackets = 24_000;

/** An entry whose program is in the kernel. */
export interface LoadedEntry {
	entry: ChainEntry;
	/** The agent's handle of its object, and its program in it. */
	held: Held & { handle: number; program: string };
	id: number;
	/** In the recorder. */
	number: number;
	/** File in the guest that it was loaded from. */
	path: string;
}

/** A file of a package, or the same file once more. */
interface LoadedFile {
	/** The agent's. */
	handle: number;
	/** Of its programs, by their names. */
	ids: ReadonlyMap<string, number>;
	/** Programs that were not loaded, by their names. */
	refused: ReadonlyMap<string, Refusal>;
	path: string;
}

export interface ChainProgramsOptions {
	/** Each is recorded by fexit as soon as it is loaded; not for tail calls, without fexit. */
	recorded: boolean;
	/** Size of the recorder's ring buffer, a power of two; default: what a flow may need. */
	ringBytes?: number;
	/** Replaces members; default: a program that only returns. */
	standIn?: OwnProgram;
	/** Loads each as an extension (freplace) of this program, whatever its section says. */
	extends?: { object: number; program: string };
}

/** A chain's programs, loaded when first needed; found by program id and recorder number. */
export class ChainPrograms {
	readonly #asked = new Map<string, Promise<LoadedEntry>>();
	readonly #loaded = new Map<string, LoadedEntry>();
	readonly #used = new Set<string>();
	readonly #objects = new Map<string, Promise<LoadedFile>>();
	/** The agent's, of objects. */
	readonly #handles: number[] = [];
	readonly #known: PackageObject[] = [];
	readonly #files = new Map<string, Promise<unknown>>();
	readonly #sockets: Sockets;
	#numbers = 0;

	private constructor(
		readonly guest: Guest,
		readonly recorder: OrderRecorder,
		private readonly chain: DeclaredChain,
		private readonly options: ChainProgramsOptions,
	) {
		this.#sockets = new Sockets(guest.client);
	}

	static async open(
		chain: DeclaredChain,
		guest: Guest,
		options: ChainProgramsOptions,
	): Promise<ChainPrograms> {
		const recorder = await OrderRecorder.open(guest, options.ringBytes ?? ringFor(chain));
		return new ChainPrograms(guest, recorder, chain, options);
	}

	/** Of an entry's member in the declaration, from 0. */
	positionOf({ member }: ChainEntry): number {
		return this.chain.members.indexOf(member);
	}

	/** Loads what is not loaded yet. @throws RefusedEntry */
	get(entry: ChainEntry): Promise<LoadedEntry> {
		const key = entryKey(entry);
		this.#used.add(key);
		const asked = this.#asked.get(key) ?? this.#load(entry);
		this.#asked.set(key, asked);
		return asked;
	}

	/** `get` of all entries of a chain; no other is used now. @throws RefusedEntry for the first */
	async all(entries: readonly ChainEntry[]): Promise<void> {
		this.#used.clear();
		await allDone(entries.map((entry) => this.get(entry)));
	}

	async #load(entry: ChainEntry): Promise<LoadedEntry> {
		const { held, id, path } =
			typeof entry.program === "object"
				? await this.#standIn(entry, entry.program.verdict)
				: await this.#program(entry, entry.program);
		const loaded = { entry, held, id, path, number: ++this.#numbers };
		if (this.options.recorded) {
			const kind = packetKinds[chainHooks[this.chain.hook].programType] ?? "none";
			await this.recorder.member(loaded.number, { object: held.handle, program: held.program }, kind);
		}
		this.#loaded.set(entryKey(entry), loaded);
		return loaded;
	}

	loaded(entry: ChainEntry): LoadedEntry {
		const loaded = this.#loaded.get(entryKey(entry));
		if (!loaded) throw new Error(`${entryName(entry)} is not loaded`);
		return loaded;
	}

	/** The entry with this program id; the id itself of another program. */
	byProgram(id: number): ChainEntry | number {
		for (const loaded of this.#loaded.values()) if (loaded.id === id) return loaded.entry;
		return id;
	}

	entriesOf(runs: readonly MemberRun[]): TracedEntry[] {
		return runs.flatMap(({ member, retval }) => {
			for (const { number, entry } of this.#loaded.values())
				if (number === member) return [{ entry, ...(retval === undefined ? {} : { verdict: retval }) }];
			return [];
		});
	}

	/** How often each entry in use ran (BPF_ENABLE_STATS); asked before this returns. */
	async runCounts(): Promise<Map<ChainEntry, number>> {
		const used = [...this.#loaded].filter(([key]) => this.#used.has(key));
		const counts = used.map(
			async ([, { entry, held }]) => [entry, await runCount(this.guest.client, held)] as const,
		);
		return new Map(await Promise.all(counts));
	}

	/** Loads a program of an object that is not a member: a root. @throws RefusedEntry */
	async other(
		object: PackageObject,
		program: string,
	): Promise<{ held: Held & { handle: number; program: string }; id: number }> {
		const { handle, ids, refused } = await this.#object(object, "first");
		const id = ids.get(program);
		if (id === undefined) throw refusedProgram(program, refused.get(program));
		return { held: { handle, program }, id };
	}

	async close(): Promise<void> {
		const { client } = this.guest;
		await this.recorder.close();
		await this.#sockets.close();
		await Promise.all([
			...this.#handles.map((object) => client.call("object_close", { object })),
			...[...this.#files.keys()].map((path) => client.call("file_remove", { path })),
		]);
	}

	async #program({ member }: ChainEntry, which: "first" | "second") {
		const { handle, ids, path } = await this.#object(member.object, which);
		const name = member.program.name;
		const id = ids.get(name);
		if (id === undefined) throw refusedProgram({ member, program: which }, undefined);
		return { held: { handle, program: name }, id, path };
	}

	/** Whether a second load of an object has the first one's map, because it reuses the pin. */
	reuses(object: PackageObject, map: string): boolean {
		return reusedPins(this.chain, object).some(({ name }) => name === map);
	}

	/** A second load of a file is another object, with its own maps but for those of `reuses`. */
	#object(object: PackageObject, which: "first" | "second"): Promise<LoadedFile> {
		const key = `${which} ${this.#numberOf(object)}`;
		const asked = this.#objects.get(key) ?? this.#loadObject(object, which);
		this.#objects.set(key, asked);
		return asked;
	}

	async #loadObject(object: PackageObject, which: "first" | "second"): Promise<LoadedFile> {
		const { client, greeting } = this.guest;
		const path = `/run/bpfgate-chain-${this.#numberOf(object)}.bpf.o`;
		await this.#file(path, () => client.call("file_write", { path, data: object.loadable }));
		const ofObject = this.chain.members.filter((member) => member.object === object);
		const members = new Set(ofObject.map(({ program }) => program.name));
		const { root } = this.chain;
		const roots = root?.object === object ? [root.program.name] : [];
		const wanted = new Set([...wantedPrograms(object).map(({ name }) => name), ...members, ...roots]);
		const settings = openArgs(object, greeting.cpus, new Map());
		const moved = which === "second" ? movedPins(this.chain, object, this.#numberOf(object)) : [];
		const maps = [...(settings.maps ?? []), ...moved];
		const args = { ...settings, path, maps };
		const target = this.#extended();
		const programs = args.programs?.map((program) =>
			target && members.has(program.name) ? { ...program, target } : program,
		);
		const loaded = await loadObject(client, { ...args, ...(programs ? { programs } : {}) }, [...wanted]);
		const own = ofObject.map((member): ChainEntry => ({ member, program: which }));
		if (loaded.handle === undefined) throw refusedWhole(object.file, own, loaded);
		const ids = new Map([...loaded.loaded].flatMap(([name, { info }]) => (info ? [[name, info.id]] : [])));
		this.#handles.push(loaded.handle);
		for (const entry of own) {
			const refusal = loaded.refused.get(entry.member.program.name);
			if (refusal) throw refusedProgram(entry, refusal);
		}
		await this.#fill(object, loaded.handle);
		return { handle: loaded.handle, ids, refused: loaded.refused, path };
	}

	/** The contents that the chain gives to maps of an object, for each load of it. */
	async #fill(object: PackageObject, handle: number): Promise<void> {
		const { root, members } = this.chain;
		const before = [...(root ? [root] : []), ...members]
			.filter((each) => each.object === object)
			.flatMap((each) => each.before);
		const refusal = await fillMaps(this.guest.client, handle, before, this.#sockets);
		if (!refusal) return;
		const what = `an entry of map ${refusal.map} of ${object.file}`;
		throw new RefusedEntry(what, refusal.errno, "BPF_MAP_UPDATE_ELEM");
	}

	/** Writes a file once; `close` removes it. */
	#file(path: string, write: () => Promise<unknown>): Promise<unknown> {
		const written = this.#files.get(path) ?? write();
		this.#files.set(path, written);
		return written;
	}

	#numberOf(object: PackageObject): number {
		if (!this.#known.includes(object)) this.#known.push(object);
		return this.#known.indexOf(object);
	}

	async #standIn(entry: ChainEntry, verdict: number) {
		const own = this.options.standIn ?? constantStandIn(this.chain.hook);
		const path = ownPath(own.object);
		await this.#file(path, () => writeOwn(this.guest, own.object));
		const settings = own.settings(verdict, entry.member);
		const { errno, held, id } = await loadOwn(this.guest, own, settings, this.#extended());
		this.#handles.push(held.handle);
		if (errno !== 0 || id === 0) throw new RefusedEntry(entry, errno, "BPF_PROG_LOAD");
		return { held, id, path };
	}

	#extended() {
		return this.options.extends && { ...this.options.extends, extends: true };
	}
}

/** Room for a flow through members, a replacement and a root: a power of two. */
function ringFor({ members }: DeclaredChain): number {
	return 2 ** Math.ceil(Math.log2((members.length + 2) * flowPackets * runBytes));
}

function entryKey({ member, program }: ChainEntry): string {
	return `${member.label}\n${typeof program === "string" ? program : program.verdict}`;
}
