// SPDX-License-Identifier: Apache-2.0

import { concat } from "../../../data/packet/bytes.js";
import type { FilledMap } from "../../../data/vectors/filled-map.js";
import type { MapModel, WrittenEntry } from "../../../data/vectors/map-model.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { Sockets } from "./sockets.js";

type Writing = Omit<Args<"map_write">, "object">;
type Element = NonNullable<Writing["entries"]>[number];

/** What the agent writes into a map before a vector. @param cpus possible: one value each */
export function fillOf({ model, entries }: FilledMap, cpus: number, sockets: Sockets): Writing {
	const packed = packedOf(model, entries, cpus);
	if (packed) return { map: model.name, packed };
	return { map: model.name, entries: entries.map((entry) => elementOf(model, entry, cpus, sockets)) };
}

/**
 * Fills maps of a loaded object. @returns the map and errno of the first entry that was refused
 */
export async function fillMaps(
	client: GuestClient,
	object: number,
	before: readonly FilledMap[],
	sockets: Sockets,
): Promise<{ map: string; errno: number } | undefined> {
	await sockets.prepare([{ before: [...before] }]);
	for (const filled of before) {
		const { name, perCpu } = filled.model;
		const cpus = perCpu ? (await client.call("map_dump", { object, map: name })).cpus : 1;
		const writing = fillOf(filled, cpus, sockets);
		const { errnos } = await client.call("map_write", { object, ...writing });
		const errno = errnos.find((each) => each !== 0);
		if (errno !== undefined) return { map: name, errno };
	}
	return undefined;
}

/** By the entries and the number of CPUs: many vectors share what their file fills. */
const packings = new WeakMap<readonly WrittenEntry[], Map<number, Writing["packed"] | undefined>>();

function packedOf(
	model: MapModel,
	entries: readonly WrittenEntry[],
	cpus: number,
): Writing["packed"] | undefined {
	const known = packings.get(entries) ?? new Map<number, Writing["packed"] | undefined>();
	packings.set(entries, known);
	if (!known.has(cpus)) known.set(cpus, pack(model, entries, cpus));
	return known.get(cpus);
}

/** Entries that are only bytes, in two rows; undefined when one names a program or the like. */
function pack(
	model: MapModel,
	entries: readonly WrittenEntry[],
	cpus: number,
): Writing["packed"] | undefined {
	const { perCpu, key, value: type } = model;
	const stride = perCpu ? Math.ceil(type.size / 8) * 8 : type.size;
	const size = perCpu ? cpus * stride : stride;
	const keys = new Uint8Array(entries.length * key.size);
	const values = new Uint8Array(entries.length * size);
	for (const [at, { key: bytes, value }] of entries.entries()) {
		if (value?.kind !== "given") return undefined;
		keys.set(bytes, at * key.size);
		for (const [cpu, each] of value.cpus.slice(0, perCpu ? cpus : 1).entries())
			values.set(each, at * size + cpu * stride);
	}
	return { keys, values };
}

function elementOf(model: MapModel, { key, value }: WrittenEntry, cpus: number, sockets: Sockets): Element {
	const keyed = model.key.size > 0 ? { key } : {};
	switch (value?.kind) {
		case "given":
			return { ...keyed, value: concat(...value.cpus) };
		case "inner": {
			const { inner } = model;
			if (!inner) return { ...keyed, inner: [] };
			const packed = packedOf(inner, value.entries, cpus);
			if (packed) return { ...keyed, packed };
			return { ...keyed, inner: value.entries.map((entry) => elementOf(inner, entry, cpus, sockets)) };
		}
		case "program":
			return { ...keyed, program: value.program };
		case "socket":
			return { ...keyed, socket: sockets.handleOf(value.socket) };
		default:
			throw new Error(`an entry of ${model.name} has no value that can be written`);
	}
}
