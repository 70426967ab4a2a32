// SPDX-License-Identifier: Apache-2.0

import { type Leaf, writeLeaves } from "../../../data/package/btf/leaf.js";
import { concat } from "../../../data/packet/bytes.js";
import type { FilledMap } from "../../../data/vectors/filled-map.js";
import type { MapModel, WrittenEntry } from "../../../data/vectors/map-model.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { Sockets } from "./sockets.js";

type Element = Args<"map_write">["entries"][number];

/** What the agent writes into a map before a vector. @param cpus possible: one value each */
export function fillOf(
	{ model, entries }: FilledMap,
	cpus: number,
	sockets: Sockets,
): { map: string; entries: Element[] } {
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
		const { map, entries } = fillOf(filled, cpus, sockets);
		const { errnos } = await client.call("map_write", { object, map, entries });
		const errno = errnos.find((each) => each !== 0);
		if (errno !== undefined) return { map, errno };
	}
	return undefined;
}

/** A value for all CPUs goes to the first, and zero to the others: their sum is read. */
function elementOf(model: MapModel, { key, value }: WrittenEntry, cpus: number, sockets: Sockets): Element {
	const keyed = model.key.size > 0 ? { key } : {};
	const { perCpu } = model;
	const size = perCpu ? Math.ceil(model.value.size / 8) * 8 : model.value.size;
	const bytesOf = (leaves: readonly Leaf[] = []) => {
		const bytes = new Uint8Array(size);
		writeLeaves(leaves, bytes);
		return bytes;
	};
	const each = Array.from({ length: perCpu ? cpus : 1 }, (_, cpu) => cpu);
	switch (value?.kind) {
		case "all":
			return { ...keyed, value: concat(...each.map((cpu) => bytesOf(cpu === 0 ? value.leaves : []))) };
		case "percpu":
			return { ...keyed, value: concat(...each.map((cpu) => bytesOf(value.leaves[cpu]))) };
		case "inner": {
			const { inner } = model;
			const elements = inner ? value.entries.map((entry) => elementOf(inner, entry, cpus, sockets)) : [];
			return { ...keyed, inner: elements };
		}
		case "program":
			return { ...keyed, program: value.program };
		case "socket":
			return { ...keyed, socket: sockets.handleOf(value.socket) };
		case undefined:
			throw new Error(`an entry of ${model.name} has no value that can be written`);
	}
}
