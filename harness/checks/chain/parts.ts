// SPDX-License-Identifier: Apache-2.0

import type { PackageObject } from "../../data/package/package.js";
import { type ChainHook, chainHooks } from "../../data/package/sections/chain-hooks.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import { runCount } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import { allDone, BuildError } from "./mechanism.js";
import type { DeclaredChain, DeclaredMember } from "./model/declared.js";
import { type Part, partName, type StandIn } from "./part.js";
import { type MemberRun, OrderRecorder, type PacketKind } from "./recorder.js";
import { refusedWhole } from "./refused-object.js";
import type { Meeting } from "./traffic.js";

const packetKinds: Readonly<Record<string, PacketKind>> = { xdp: "xdp", sched_cls: "skb", cgroup_skb: "skb" };
/**
 * What one run of a part takes in the recorder's ring buffer, and how many packets a flow may have:
 * 10,000 and those beside.
 */
const runBytes = 32;
const flowPackets = 24_000;

/** A part that is in the kernel. */
export interface LoadedPart {
	part: Part;
	/** The agent's handle of its object, and its program in it. */
	held: Held & { program: string };
	/** Of the program. */
	id: number;
	/** What the recorder calls it. */
	number: number;
	/** File in the guest that it was loaded from. */
	path: string;
}

/** A file of a package, or the same file once more. */
interface LoadedObject {
	/** The agent's. */
	handle: number;
	/** Of its programs, by their names. */
	ids: ReadonlyMap<string, number>;
	/** Why others of its programs were not loaded: errno. */
	refused: ReadonlyMap<string, number>;
	/** File in the guest. */
	path: string;
}

export interface PartOptions {
	/**
	 * Has each recorded by fexit as soon as it is loaded; not where fexit does not fire (tail
	 * calls).
	 */
	recorded: boolean;
	/** Room for what is recorded, a power of two; unless given as much as a flow may need. */
	ringBytes?: number;
	/** What stands in the place of members; a program that only returns unless given. */
	standIn?: OwnProgram;
	/** Loads each as an extension (freplace) of this program, whatever its section says. */
	extends?: { object: number; program: string };
}

/** A program of bpfgate's own. */
export interface OwnProgram {
	/** `bpf/<object>.bpf.c` */
	object: string;
	program: string;
	/** For its `.rodata.settings`, numbers of 32 bits. */
	settings(verdict: number, member: DeclaredMember): number[];
}

/**
 * The programs of a chain, loaded in a guest when they are first asked for: each object of its
 * members once, and once more when somebody wants a member's program a second time. Knows each by
 * its program id and by its number in the recorder.
 */
export class Parts {
	readonly #asked = new Map<string, Promise<LoadedPart>>();
	readonly #loaded = new Map<string, LoadedPart>();
	readonly #used = new Set<string>();
	readonly #objects = new Map<string, Promise<LoadedObject>>();
	/** The agent's, of objects. */
	readonly #handles: number[] = [];
	readonly #known: PackageObject[] = [];
	readonly #files = new Map<string, Promise<unknown>>();
	#numbers = 0;

	private constructor(
		readonly guest: Guest,
		readonly recorder: OrderRecorder,
		private readonly chain: DeclaredChain,
		private readonly options: PartOptions,
	) {}

	static async open(chain: DeclaredChain, guest: Guest, options: PartOptions): Promise<Parts> {
		return new Parts(
			guest,
			await OrderRecorder.open(guest, options.ringBytes ?? ringFor(chain)),
			chain,
			options,
		);
	}

	/**
	 * Loads what is not loaded yet.
	 *
	 * @throws BuildError when the kernel refuses it
	 */
	get(part: Part): Promise<LoadedPart> {
		const key = partKey(part);
		this.#used.add(key);
		const asked = this.#asked.get(key) ?? this.#load(part);
		this.#asked.set(key, asked);
		return asked;
	}

	/**
	 * `get` of all parts of a chain at once: the others are out of use. @throws BuildError of the
	 * first that is refused
	 */
	async all(parts: readonly Part[]): Promise<void> {
		this.#used.clear();
		await allDone(parts.map((part) => this.get(part)));
	}

	async #load(part: Part): Promise<LoadedPart> {
		const { held, id, path } =
			typeof part.program === "object"
				? await this.#standIn(part, part.program)
				: await this.#program(part, part.program);
		const loaded = { part, held, id, path, number: ++this.#numbers };
		const elsewhere = typeof part.program === "object" ? part.program.hook : undefined;
		if (this.options.recorded || elsewhere) {
			const kind = packetKinds[chainHooks[elsewhere ?? this.chain.hook].programType] ?? "none";
			await this.recorder.member(loaded.number, { object: held.handle, program: held.program }, kind);
		}
		this.#loaded.set(partKey(part), loaded);
		return loaded;
	}

	/** What was loaded before. */
	loaded(part: Part): LoadedPart {
		const loaded = this.#loaded.get(partKey(part));
		if (!loaded) throw new Error(`${partName(part)} is not loaded`);
		return loaded;
	}

	/** The part whose program this is; the id itself of a stranger's. */
	byProgram(id: number): Part | number {
		for (const loaded of this.#loaded.values()) if (loaded.id === id) return loaded.part;
		return id;
	}

	/** What recorded runs mean. */
	meetings(runs: readonly MemberRun[]): Meeting[] {
		return runs.flatMap(({ member, retval }) => {
			for (const { number, part } of this.#loaded.values())
				if (number === member) return [{ part, ...(retval === undefined ? {} : { verdict: retval }) }];
			return [];
		});
	}

	/**
	 * How often each part in use has run since it was loaded, as the kernel counts it
	 * (BPF_ENABLE_STATS has to be on). Asked for before it returns.
	 */
	async runCounts(): Promise<Map<Part, number>> {
		const used = [...this.#loaded].filter(([key]) => this.#used.has(key));
		const counts = used.map(
			async ([, { part, held }]) => [part, await runCount(this.guest.client, held)] as const,
		);
		return new Map(await Promise.all(counts));
	}

	/**
	 * The agent's handle of the object that a part's program is in: its maps are those of the part.
	 */
	objectOf(part: Part): number {
		return this.loaded(part).held.handle;
	}

	/**
	 * Loads one of an object's programs that is no member (a root).
	 *
	 * @throws BuildError when the kernel refuses it
	 */
	async other(
		object: PackageObject,
		program: string,
	): Promise<{ held: Held & { program: string }; id: number }> {
		const { handle, ids, refused } = await this.#object(object, "first");
		const id = ids.get(program);
		if (id === undefined) throw new BuildError(program, refused.get(program) ?? 0, "BPF_PROG_LOAD");
		return { held: { handle, program }, id };
	}

	async close(): Promise<void> {
		const { client } = this.guest;
		await this.recorder.close();
		await Promise.all([
			...this.#handles.map((object) => client.call("object_close", { object })),
			...[...this.#files.keys()].map((path) => client.call("file_remove", { path })),
		]);
	}

	async #program({ member }: Part, which: "first" | "second") {
		const { handle, ids, path } = await this.#object(member.object, which);
		const name = member.program.name;
		const id = ids.get(name);
		if (id === undefined) throw new BuildError({ member, program: which }, 0, "BPF_PROG_LOAD");
		return { held: { handle, program: name }, id, path };
	}

	/** Another load of the same file is another object, with maps of its own. */
	#object(object: PackageObject, which: "first" | "second"): Promise<LoadedObject> {
		const key = `${which} ${this.#numberOf(object)}`;
		const asked = this.#objects.get(key) ?? this.#loadObject(object, which);
		this.#objects.set(key, asked);
		return asked;
	}

	async #loadObject(object: PackageObject, which: "first" | "second"): Promise<LoadedObject> {
		const { client, greeting } = this.guest;
		const path = `/run/bpfgate-chain-${this.#numberOf(object)}.bpf.o`;
		await this.#file(path, () => object.bytes);
		const ofObject = this.chain.members.filter((member) => member.object === object);
		const members = new Set(ofObject.map(({ program }) => program.name));
		const { root } = this.chain;
		const roots = root?.object === object ? [root.program.name] : [];
		const wanted = new Set([...wantedPrograms(object).map(({ name }) => name), ...members, ...roots]);
		const args = { ...openArgs(object, greeting.cpus, new Map()), path };
		const programs = args.programs?.map((program) =>
			members.has(program.name) ? { ...program, ...this.#extension() } : program,
		);
		const loaded = await loadObject(client, { ...args, ...(programs ? { programs } : {}) }, [...wanted]);
		const own = ofObject.map((member): Part => ({ member, program: which }));
		if (loaded.handle === undefined) throw refusedWhole(object.file, own, loaded);
		const ids = new Map([...loaded.loaded].flatMap(([name, { info }]) => (info ? [[name, info.id]] : [])));
		this.#handles.push(loaded.handle);
		for (const part of own) {
			const refusal = loaded.refused.get(part.member.program.name);
			if (refusal) throw new BuildError(part, refusal.errno, "BPF_PROG_LOAD");
		}
		const refused = new Map([...loaded.refused].map(([name, { errno }]) => [name, errno]));
		return { handle: loaded.handle, ids, refused, path };
	}

	/** Written once. */
	#file(path: string, read: () => Uint8Array | Promise<Uint8Array>): Promise<unknown> {
		const write = async () => this.guest.client.call("file_write", { path, data: await read() });
		const written = this.#files.get(path) ?? write();
		this.#files.set(path, written);
		return written;
	}

	#numberOf(object: PackageObject): number {
		if (!this.#known.includes(object)) this.#known.push(object);
		return this.#known.indexOf(object);
	}

	async #standIn(part: Part, { verdict, hook }: StandIn) {
		const { client, kernel } = this.guest;
		const ofChain = hook ? undefined : this.options.standIn;
		const { object: name, program, settings } = ofChain ?? standIn(hook ?? this.chain.hook);
		const path = `/run/bpfgate-${name}.bpf.o`;
		await this.#file(path, () => bpfObject(kernel.arch, name));
		const numbers = settings(verdict, part.member);
		const value = new DataView(new ArrayBuffer(numbers.length * 4));
		for (const [index, number] of numbers.entries()) value.setInt32(index * 4, number, client.littleEndian);
		const { object } = await client.call("object_open", {
			path,
			maps: [{ name: ".rodata.settings", initial_value: new Uint8Array(value.buffer) }],
			programs: [{ name: program, autoload: true, ...(hook ? {} : this.#extension()) }],
		});
		this.#handles.push(object);
		const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		const info = loaded.programs.find(({ name }) => name === program)?.info;
		if (loaded.errno !== 0 || !info) throw new BuildError(part, loaded.errno, "BPF_PROG_LOAD");
		return { held: { handle: object, program }, id: info.id, path };
	}

	/** Of a program's settings. */
	#extension() {
		return this.options.extends ? { target: { ...this.options.extends, extends: true } } : {};
	}
}

/** Room for a flow through members, a replacement and a root: a power of two. */
function ringFor({ members }: DeclaredChain): number {
	return 2 ** Math.ceil(Math.log2((members.length + 2) * flowPackets * runBytes));
}

/** Programs of cgroups are bound to their hook. */
function standIn(hook: ChainHook): OwnProgram {
	const program = `stand_in_${hook.startsWith("cgroup_") ? hook : chainHooks[hook].programType}`;
	return { object: "chain-stand-in", program, settings: (verdict) => [verdict] };
}

function partKey({ member, program }: Part): string {
	if (typeof program === "string") return `${member.label}\n${program}`;
	return `${member.label}\n${program.verdict} ${program.hook ?? ""}`;
}
