// SPDX-License-Identifier: Apache-2.0

import { type Leaf, writeLeaves } from "../../../data/package/btf/leaf.js";
import { concat } from "../../../data/packet/bytes.js";
import type { MapModel, WrittenEntry } from "../../../data/vectors/map-model.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { Args } from "../../../machine/guest/operations.js";
import type { Sockets } from "./sockets.js";

type Element = Args<"map_write">["entries"][number];

/** What the agent writes into a map before a vector. @param cpus possible: one value each */
export function fillOf(
	{ model, entries }: PreparedVector["before"][number],
	cpus: number,
	sockets: Sockets,
): { map: string; entries: Element[] } {
	return { map: model.name, entries: entries.map((entry) => elementOf(model, entry, cpus, sockets)) };
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
