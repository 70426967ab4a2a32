// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place, wrong } from "../../base/errors.js";
import { type Btf, linkage } from "../package/btf/btf.js";
import { escapePointer, type JsonValue } from "../package/btf/btf-value.js";
import type { Purpose } from "../package/btf/integer-value.js";
import { type Leaf, type ValueType, writeLeaves } from "../package/btf/leaf.js";
import { leavesOf } from "../package/btf/leaves-of.js";
import { STB } from "../package/elf/elf.js";
import type { MapShape } from "../package/elf/maps.js";
import type { PackageObject } from "../package/package.js";
import { parseIpv4, parseIpv6 } from "../packet/address.js";
import { concat } from "../packet/bytes.js";
import { flatten } from "./flatten.js";
import { deviceMaps, LOOPBACK_IFINDEX, type Reference, referenceOf, socketMaps } from "./reference.js";

/** How the entries of a map are written and read. */
export interface MapModel {
	name: string;
	/** Name in `mapTypes`: `percpu_hash`. */
	type: string;
	key: ValueType;
	/** Of one CPU. */
	value: ValueType;
	perCpu: boolean;
	/** Every index up to `max_entries` is there from the beginning. */
	array: boolean;
	/** A section of global variables: one value, which needs no key. */
	single: boolean;
	inner?: MapModel;
	/** Of a map of maps that is read as one map: what its keys begin with. */
	outerKey?: ValueType;
	/** Of the object: what a program array can hold. */
	programs: readonly string[];
}

/** Map types that can be read; only the kernel knows those of sockets, devices, programs. */
const readable = new Set([
	"hash",
	"array",
	"percpu_hash",
	"percpu_array",
	"lru_hash",
	"lru_percpu_hash",
	"lpm_trie",
]);
const inMaps = new Set(["array_of_maps", "hash_of_maps"]);
const queues = new Set(["queue", "stack"]);
const numbered = new Set([...deviceMaps, "cpumap"]);

export const isReadable = ({ type, inner }: MapModel): boolean =>
	readable.has(type) || (inMaps.has(type) && inner !== undefined && readable.has(inner.type));
export const isWritable = ({ type }: MapModel): boolean =>
	readable.has(type) ||
	inMaps.has(type) ||
	queues.has(type) ||
	numbered.has(type) ||
	socketMaps.has(type) ||
	type === "prog_array";
export const isEventMap = (type: string): boolean => type === "ringbuf" || type === "perf_event_array";

/** The model of one of the object's maps; undefined when it has no such map. */
export function mapModel(object: PackageObject, name: string): MapModel | undefined {
	const facts = object.maps.find((candidate) => candidate.name === name);
	if (!facts) return undefined;
	const value_size = object.settings.maps?.[name]?.value_size ?? facts.value_size;
	const model = modelOf(object, name, { ...facts, value_size });
	if (facts.kind === "data" && object.btf) {
		model.single = true;
		model.value = {
			...model.value,
			types: { btf: object.btf, id: 0 },
			variables: variablesOf(object, object.btf, name),
		};
	}
	const inner = innerShape(object, name, facts.inner);
	return inner ? { ...model, inner: modelOf(object, `${name} (inner)`, inner) } : model;
}

/** The template of inner maps: as the manifest says, with the types that the ELF has. */
function innerShape(
	{ settings }: PackageObject,
	name: string,
	ofObject: MapShape | undefined,
): MapShape | undefined {
	const told = settings.maps?.[name]?.inner;
	if (!told) return ofObject;
	const max_entries = told.max_entries === "cpus" ? 0 : told.max_entries;
	return { ...ofObject, ...told, max_entries, flags: told.flags ?? 0 };
}

function modelOf({ btf, elf, programs }: PackageObject, name: string, shape: MapShape): MapModel {
	const littleEndian = btf?.littleEndian ?? elf.littleEndian;
	const typed = (size: number, id: number | undefined): ValueType => ({
		size,
		littleEndian,
		...(btf && id !== undefined && btf.sizeOf(id) === size ? { types: { btf, id } } : {}),
	});
	const { type } = shape;
	return {
		name,
		type,
		key: typed(shape.key_size, shape.key),
		value: typed(shape.value_size, shape.value),
		perCpu: type.includes("percpu"),
		array: type === "array" || type === "percpu_array",
		single: false,
		programs: programs.map((program) => program.name),
	};
}

/** How a map is read: a map of maps as one, whose keys are an outer and an inner one. */
export function contentModel(model: MapModel): MapModel {
	const { inner, name, key } = model;
	if (!inner) return model;
	return {
		...inner,
		name,
		outerKey: key,
		key: { size: key.size + inner.key.size, littleEndian: key.littleEndian },
		inner,
	};
}

/** Expected entries of a map of maps, as of the one map it is read as. @throws InputError */
export function contentEntries(entries: readonly WrittenEntry[], place: Place): WrittenEntry[] {
	return entries.flatMap(({ key, label, value }) => {
		if (value?.kind === "inner")
			return value.entries.map((entry) => ({
				...entry,
				key: concat(key, entry.key),
				label: `${label}${entry.label.slice(entry.label.lastIndexOf("(inner)") + "(inner)".length)}`,
			}));
		throw wrong(
			place,
			`${label} is an inner map: its entries can be expected to be there or not, by themselves`,
		);
	});
}

/** A global variable's offset is in the symbol table, that of a static one in the BTF. */
function variablesOf(
	{ elf }: PackageObject,
	btf: Btf,
	section: string,
): Map<string, { id: number; offset: number }> {
	const symbols = new Map(
		elf.symbols.filter(({ binding }) => binding !== STB.LOCAL).map((symbol) => [symbol.name, symbol.value]),
	);
	const id = btf.find(section, "datasec");
	const datasec = id === undefined ? undefined : btf.type(id);
	const variables = new Map<string, { id: number; offset: number }>();
	if (datasec?.kind !== "datasec") return variables;
	for (const entry of datasec.entries) {
		const variable = btf.type(entry.type);
		if (variable.kind !== "var") continue;
		const offset = variable.linkage === linkage.static ? entry.offset : symbols.get(variable.name);
		if (offset !== undefined) variables.set(variable.name, { id: variable.type, offset });
	}
	return variables;
}

/** One entry as a file has it. */
export interface WrittenEntry {
	key: Uint8Array;
	/** As messages call it: `counters[1]`. */
	readonly label: string;
	/** Undefined where the file says that there is none. */
	value?: WrittenValue | undefined;
}

export type WrittenValue =
	/** Given, as it lies in the map: the value of each CPU, the others' are zero. */
	| { kind: "given"; cpus: Uint8Array[] }
	/** Expected. */
	| { kind: "all"; leaves: Leaf[] }
	| { kind: "percpu"; leaves: Leaf[][] }
	| { kind: "inner"; entries: WrittenEntry[] }
	| Reference;

class Entry implements WrittenEntry {
	constructor(
		readonly model: MapModel,
		readonly key: Uint8Array,
		readonly value: WrittenValue | undefined,
	) {}

	get label(): string {
		const { name, single } = this.model;
		return single ? name : `${name}[${keyText(this.model, this.key)}]`;
	}
}

/** The entries that a file gives: a list, or values by key. @throws InputError */
export function writtenEntries(
	model: MapModel,
	spec: unknown,
	place: Place,
	purpose: Purpose,
): WrittenEntry[] {
	const entry = (key: unknown, value: unknown, keyPlace: Place, valuePlace: Place, gone: boolean) => {
		const bytes = keyBytes(model, key, keyPlace);
		return new Entry(model, bytes, gone ? undefined : written(model, value, valuePlace, purpose));
	};
	const at = (...parts: (string | number)[]): Place => ({
		file: place.file,
		pointer: [place.pointer, ...parts].join("/"),
	});
	if (model.single && !Array.isArray(spec)) return [entry(0, spec, place, place, false)];
	if (Array.isArray(spec)) {
		return spec.map((item: { key?: unknown; value?: unknown; absent?: boolean }, index) => {
			if (typeof item !== "object" || item === null)
				throw new InputError(place.file, at(index).pointer, "must be an object of key and value");
			const key = item.key ?? (model.key.size === 0 ? "" : undefined);
			if (key === undefined) throw new InputError(place.file, at(index).pointer, 'key "key" is missing');
			if (item.value === undefined && !item.absent)
				throw new InputError(place.file, at(index).pointer, 'key "value" is missing');
			return entry(key, item.value, at(index, "key"), at(index, "value"), item.absent === true);
		});
	}
	if (typeof spec !== "object" || spec === null)
		throw wrong(place, "must be a list of entries, or an object of values by key");
	return Object.entries(spec).map(([key, value]) => {
		const there = at(escapePointer(key));
		return entry(key, value, there, there, purpose === "expected" && value === null);
	});
}

function written(model: MapModel, value: unknown, place: Place, purpose: Purpose): WrittenValue {
	const only = (name: string): unknown =>
		typeof value === "object" && value !== null && Object.keys(value).join() === name
			? Object.entries(value)[0]?.[1]
			: undefined;
	const within = (...parts: (string | number)[]) => ({
		file: place.file,
		pointer: [place.pointer, ...parts].join("/"),
	});
	if (model.inner) {
		const entries = only("entries");
		if (entries === undefined) throw wrong(place, "must be an object of `entries`: those of the inner map");
		return { kind: "inner", entries: writtenEntries(model.inner, entries, within("entries"), purpose) };
	}
	const reference = referenceOf(model.type, model.programs, value, place);
	if (reference) return reference;
	if (value === "lo" && deviceMaps.has(model.type))
		return plainValue(model, [{ value: deviceValue(model.value), place }], purpose, false);
	const each = model.perCpu ? only("percpu") : undefined;
	if (Array.isArray(each)) {
		const parts = each.map((part: unknown, cpu) => ({ value: part, place: within("percpu", cpu) }));
		return plainValue(model, parts, purpose, true);
	}
	return plainValue(model, [{ value, place }], purpose, false);
}

/** @param parts by CPU when `perCpu`, else one that is given to the first, or expected of all */
function plainValue(
	model: MapModel,
	parts: readonly { value: unknown; place: Place }[],
	purpose: Purpose,
	perCpu: boolean,
): WrittenValue {
	const leaves = parts.map(({ value, place }) => leavesOf(model.value, value, place, purpose));
	if (purpose !== "expected") return { kind: "given", cpus: leaves.map((each) => valueBytes(model, each)) };
	return perCpu ? { kind: "percpu", leaves } : { kind: "all", leaves: leaves.flat() };
}

/** One value as it lies in a map; those of CPUs begin at multiples of 8. */
function valueBytes({ perCpu, value }: MapModel, leaves: readonly Leaf[]): Uint8Array {
	const bytes = new Uint8Array(perCpu ? Math.ceil(value.size / 8) * 8 : value.size);
	writeLeaves(leaves, bytes);
	return bytes;
}

/** A device is an ifindex, or a struct bpf_devmap_val that begins with it. */
function deviceValue({ types, size }: ValueType): unknown {
	const isStruct = types !== undefined && types.btf.kind(types.btf.resolve(types.id)) === "struct";
	if (isStruct) return { ifindex: LOOPBACK_IFINDEX };
	return size === 4 ? LOOPBACK_IFINDEX : { hex: `01000000${"00".repeat(size - 4)}` };
}

function keyBytes({ type, key }: MapModel, value: unknown, place: Place): Uint8Array {
	if (key.size === 0) return new Uint8Array();
	const prefix = type === "lpm_trie" ? prefixKey(key, value, place) : undefined;
	if (prefix) return prefix;
	const bytes = new Uint8Array(key.size);
	writeLeaves(leavesOf(key, value, place, "given"), bytes);
	return bytes;
}

/** A key in messages and in evidence; equal for equal keys. */
export function keyText({ key, outerKey, inner }: MapModel, bytes: Uint8Array): string {
	if (outerKey && inner) {
		const within = keyText(inner, bytes.subarray(outerKey.size));
		return `${keyText({ ...inner, key: outerKey }, bytes.subarray(0, outerKey.size))}][${within}`;
	}
	const parts = [...flatten(key, bytes)];
	const [only] = parts;
	if (parts.length === 1 && only?.[0] === "") return String(only[1]);
	return parts.map(([path, value]) => `${path.slice(1)}=${text(value)}`).join(",");
}

function text(value: JsonValue): string {
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * The key `192.0.2.0/24` of an LPM trie, length in machine order first; undefined for other texts.
 * @throws InputError when keys have other addresses, or the address less bits
 */
function prefixKey({ size, littleEndian }: ValueType, value: unknown, place: Place): Uint8Array | undefined {
	const match = typeof value === "string" ? /^([^/]+)\/(\d{1,3})$/.exec(value) : null;
	const text = match?.[1] ?? "";
	const address = parseIpv4(text) ?? parseIpv6(text);
	const length = Number(match?.[2]);
	if (!address) return undefined;
	const fail = (reason: string) => wrong(place, `${JSON.stringify(value)} is not a prefix here: ${reason}`);
	if (size !== 4 + address.length)
		throw fail(
			`a key has ${size - 4} bytes behind the length of the prefix, and ${text} is ${address.length}`,
		);
	if (length > address.length * 8) throw fail(`the address has ${address.length * 8} bits`);
	const head = new Uint8Array(4);
	new DataView(head.buffer).setUint32(0, length, littleEndian);
	return concat(head, address);
}
