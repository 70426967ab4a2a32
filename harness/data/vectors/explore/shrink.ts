// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { MapsBefore } from "../../package/sections/maps-before.js";
import { build } from "../../packet/build.js";
import { dissect } from "../../packet/dissect.js";
import type { Layer, Layers } from "../../packet/layers.js";
import type { PreparedStep, PreparedVector } from "../suite.js";
import { type Mutant, mutantOf } from "./mutant.js";
import { selfContained, writtenVector } from "./saved.js";
import { linkTypeOf, minPacket } from "./step-facts.js";

/** Most candidates of one round. */
const maxCandidates = 60;
/** Of a map with more, entries are not left out one by one. */
const maxEntries = 32;
type Entries = MapsBefore[string];

/** How large a vector is: what it takes to write it. */
export function sizeOf(vector: PreparedVector): number {
	return JSON.stringify(writtenVector(vector)).length;
}

/** The same mutant with one of its changes undone, each in turn. */
export function fewerEdits({ base, step, edits }: Mutant): Mutant[] {
	return edits.flatMap(
		(undone) =>
			mutantOf(
				base,
				step,
				edits.filter((edit) => edit !== undone),
			) ?? [],
	);
}

/**
 * Simpler vectors near this one, the simplest first: without a packet, map content, context or
 * layer, with a shorter payload, a default field, or cut.
 */
export function simpler(given: PreparedVector): PreparedVector[] {
	const vector = selfContained(given);
	const candidates = [
		...withoutStep(vector),
		...withoutEntries(vector),
		...vector.steps.flatMap((step, index) =>
			simplerSteps(vector, step).map((changed) => ({ ...vector, steps: vector.steps.with(index, changed) })),
		),
	];
	const size = sizeOf(vector);
	const sized = candidates.map((candidate) => ({ candidate, size: sizeOf(candidate) }));
	return sized
		.filter((each) => each.size < size)
		.sort((a, b) => a.size - b.size)
		.slice(0, maxCandidates)
		.map(({ candidate }) => candidate);
}

function withoutStep(vector: PreparedVector): PreparedVector[] {
	const { steps } = vector;
	if (steps.length < 2) return [];
	const halves = [steps.slice(0, Math.ceil(steps.length / 2)), steps.slice(Math.ceil(steps.length / 2))];
	const each = steps.map((_, index) => steps.toSpliced(index, 1));
	return [...halves, ...each].map((fewer) => ({ ...vector, steps: fewer, isSequence: fewer.length > 1 }));
}

/** As prepared and as written, which are in the same order. */
function withoutEntries(vector: PreparedVector): PreparedVector[] {
	const { before, written } = vector;
	const specs = written.vector.maps_before ?? {};
	const filled = (
		name: string,
		spec: Entries | undefined,
		kept: PreparedVector["before"],
	): PreparedVector => {
		const { [name]: _, ...others } = specs;
		const maps_before = spec === undefined ? others : { ...others, [name]: spec };
		return { ...vector, before: kept, written: { ...written, vector: { ...written.vector, maps_before } } };
	};
	return before.flatMap((map, at) => {
		const { name } = map.model;
		const spec = specs[name];
		const without = filled(name, undefined, before.toSpliced(at, 1));
		const { length } = map.entries;
		if (spec === undefined || length < 2 || length > maxEntries || map.model.single) return [without];
		const fewer = map.entries.map((_, index) =>
			filled(
				name,
				Array.isArray(spec)
					? spec.toSpliced(index, 1)
					: Object.fromEntries(Object.entries(spec).toSpliced(index, 1)),
				before.with(at, { ...map, entries: map.entries.toSpliced(index, 1) }),
			),
		);
		return [without, ...fewer];
	});
}

function simplerSteps({ subject }: PreparedVector, step: PreparedStep): PreparedStep[] {
	const { packet, context, metadata, ...rest } = step;
	const steps: PreparedStep[] = [];
	// A netfilter program cannot be run without its state.
	if (context && packet && subject.type !== "netfilter")
		steps.push({ ...rest, packet, metadata, wantsContext: metadata.length > 0 });
	if (metadata.length > 0)
		steps.push({ ...step, metadata: new Uint8Array(), wantsContext: context !== undefined });
	if (packet)
		steps.push(...simplerPackets(subject.type, packet).map((simple) => ({ ...step, packet: simple })));
	return steps;
}

function simplerPackets(programType: string, packet: Uint8Array): Uint8Array[] {
	const linkType = linkTypeOf(programType, packet);
	const layers = dissect(packet, linkType);
	const built = simplerLayers(layers).flatMap((simple) => {
		try {
			return [build(simple)];
		} catch (error) {
			if (error instanceof InputError) return [];
			throw error;
		}
	});
	const half = Math.ceil(packet.length / 2);
	const cuts = [half, packet.length - 4, packet.length - 1].map((length) => packet.subarray(0, length));
	return [...built, ...cuts].filter(({ length }) => length >= minPacket);
}

function simplerLayers(layers: Layers): Layers[] {
	const result: Layers[] = [];
	for (const [index, layer] of layers.entries()) {
		if (index > 0)
			result.push([...layers.slice(0, index)], [...layers.slice(0, index), ...layers.slice(index + 1)]);
		const [[name, values] = []] = Object.entries(layer);
		if (name === undefined || name === "payload") continue;
		result.push([...layers.slice(0, index), { [name]: {} } as Layer, ...layers.slice(index + 1)]);
		for (const field of Object.keys(values)) {
			const { [field]: value, ...fewer } = values as Record<string, unknown>;
			// The shortest options there are, and what is left without one of them.
			const lists = Array.isArray(value) ? [["nop"], ...value.map((__, at) => value.toSpliced(at, 1))] : [];
			for (const list of lists)
				result.push([
					...layers.slice(0, index),
					{ [name]: { ...fewer, [field]: list } } as Layer,
					...layers.slice(index + 1),
				]);
			result.push([...layers.slice(0, index), { [name]: fewer } as Layer, ...layers.slice(index + 1)]);
		}
	}
	return result;
}
