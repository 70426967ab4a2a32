// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import { toHex } from "../../packet/bytes.js";
import type { Expectation, Step, Vector } from "../schema.js";
import { type Change, pathOf } from "./change.js";
import { mapsBefore, type Recording, recordedAfter, recordedExpectation } from "./record.js";
import { type Happened, updates } from "./update.js";

/** Most ranges of one selection, as it is read. */
const maxRanges = 256;

/** Frame numbers as keys of `each`: `1-3,7`; several where one has too many ranges. */
export function frameSelections(frames: readonly number[]): string[] {
	const ranges: { from: number; to: number }[] = [];
	for (const frame of [...new Set(frames)].sort((a, b) => a - b)) {
		const last = ranges.at(-1);
		if (last && frame === last.to + 1) last.to = frame;
		else ranges.push({ from: frame, to: frame });
	}
	const texts = ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
	return Array.from({ length: Math.ceil(texts.length / maxRanges) }, (_, at) =>
		texts.slice(at * maxRanges, (at + 1) * maxRanges).join(","),
	);
}

/** A packet of a recording that a step as it was written stands for. */
interface Occurrence {
	recording: Recording;
	/** Of the packet. */
	index: number;
	frame: number | undefined;
}

/**
 * What to write into a vector for its result. @param recordings of its cases that ran
 * @param update also what is expected and does not hold
 */
export function vectorChanges(vector: Vector, recordings: readonly Recording[], update: boolean): Change[] {
	const { sequence } = vector;
	if (!sequence) {
		const packets = recordings.map((recording) => occurrence(recording, 0));
		return stepChanges(vector, packets, update);
	}
	const [recording] = recordings;
	if (!recording) return [];
	const changes: Change[] = [];
	let next = 0;
	for (const [number, step] of sequence.entries()) {
		const { packet } = step;
		const first = next++;
		if (packet?.frames !== undefined) next = endOfFrames(recording, number, first);
		const packets = Array.from({ length: next - first }, (_, at) => occurrence(recording, first + at));
		const at = ["sequence", String(number)];
		changes.push(
			...stepChanges(step, packets, update).map(({ path, value }) => ({ path: [...at, ...path], value })),
		);
	}
	if (update && vector.expect) changes.push(...afterChanges(vector.expect, recording));
	return changes;
}

const occurrence = (recording: Recording, index: number): Occurrence => ({
	recording,
	index,
	frame: recording.vector.steps[index]?.frame,
});

/** Behind the last packet that a step of the sequence stands for. */
function endOfFrames({ vector }: Recording, number: number, first: number): number {
	const isOwn = (index: number) => vector.steps[index]?.written?.pointer.endsWith(`/sequence/${number}`);
	let end = first;
	while (isOwn(end)) end++;
	return end;
}

/** The selection in `each` that a packet's expectation is from. */
const selectionOf = ({ recording, index }: Occurrence): string | undefined =>
	pathOf(recording.vector.steps[index]?.written?.each ?? "").at(-1);

function stepChanges(step: Step, packets: readonly Occurrence[], update: boolean): Change[] {
	if (packets.length === 0) return [];
	if (step.packet?.frames !== undefined) return frameChanges(step, packets, update);
	const [only] = packets;
	if (!only) return [];
	if (step.expect === undefined) {
		const value = recordedExpectation(only.recording, only.index);
		return Object.keys(value).length > 0 ? [{ path: ["expect"], value }] : [];
	}
	if (!update) return [];
	return updates(step.expect, happened(only)).map(({ path, value }) => ({
		path: ["expect", ...path],
		value,
	}));
}

function happened({ recording, index }: Occurrence): Happened {
	const { vector, run } = recording;
	const [input, output] = [vector.steps[index], run.steps[index]];
	return {
		subject: vector.subject,
		input,
		output,
		before: mapsBefore(run, index),
		after: output?.maps ?? run.before,
		events: output?.events ?? new Map(),
		recorded: recordedExpectation(recording, index),
	};
}

function afterChanges(expect: Expectation, recording: Recording): Change[] {
	const { vector, run } = recording;
	const events = new Map<string, Uint8Array[]>();
	for (const step of run.steps)
		for (const [map, sent] of step.events) events.set(map, [...(events.get(map) ?? []), ...sent]);
	const changes = updates(expect, {
		subject: vector.subject,
		input: undefined,
		output: undefined,
		before: run.before,
		after: mapsBefore(run, run.steps.length),
		events,
		recorded: recordedAfter(recording),
	});
	return changes.map(({ path, value }) => ({ path: ["expect", ...path], value }));
}

/**
 * Equal expectations of frames once, by selection, or as `expect` when all are equal; with
 * `update`, frames that do otherwise get their own selection.
 */
function frameChanges(step: Step, packets: readonly Occurrence[], update: boolean): Change[] {
	const isNew = step.expect === undefined && step.each === undefined;
	if (!isNew && !update) return [];
	const groups: { value: Expectation; frames: number[] }[] = [];
	for (const packet of packets) {
		const { frame } = packet;
		if (frame === undefined) return [];
		const value = isNew ? recordedExpectation(packet.recording, packet.index) : corrected(step, packet);
		if (!value || Object.keys(value).length === 0) continue;
		const same = groups.find((group) => isDeepStrictEqual(group.value, value));
		if (!same) groups.push({ value, frames: [frame] });
		else if (!same.frames.includes(frame)) same.frames.push(frame);
	}
	const numbers = groups.flatMap(({ frames }) => frames);
	// A frame that is sent twice and does two things has no one expectation.
	if (groups.length === 0 || new Set(numbers).size < numbers.length) return [];
	const [first] = groups;
	if (
		isNew &&
		groups.length === 1 &&
		first?.frames.length === new Set(packets.map(({ frame }) => frame)).size
	)
		return [{ path: ["expect"], value: first.value }];
	const entries = groups.flatMap(({ value, frames }) =>
		frameSelections(frames).map((selection) => [selection, value] as const),
	);
	return [
		{
			path: ["each"],
			value: Object.fromEntries([...remaining(step, packets, new Set(numbers)), ...entries]),
		},
	];
}

/** What `each` says of frames that it still holds for. */
function remaining(
	step: Step,
	packets: readonly Occurrence[],
	changed: ReadonlySet<number>,
): (readonly [string, Expectation])[] {
	return Object.entries(step.each ?? {}).flatMap(([selection, expect]) => {
		const own = packets.flatMap((packet) =>
			packet.frame !== undefined && selectionOf(packet) === selection ? [packet.frame] : [],
		);
		const kept = own.filter((frame) => !changed.has(frame));
		if (kept.length === 0) return [];
		const selections = kept.length === own.length ? [selection] : frameSelections(kept);
		return selections.map((each) => [each, expect] as const);
	});
}

/** The new expectation of a frame whose result differs; undefined when it does not. */
function corrected(step: Step, packet: Occurrence): Expectation | undefined {
	const selection = selectionOf(packet);
	const own = selection === undefined ? undefined : step.each?.[selection];
	const all = happened(packet);
	const both = merged(step.expect ?? {}, own ?? {});
	if (updates(both, all).length === 0) return undefined;
	return overCommon(all, step.expect ?? {});
}

function merged(common: Expectation, own: Expectation): Expectation {
	const of = <K extends "context" | "maps_after" | "events">(key: K) =>
		common[key] || own[key] ? { [key]: { ...common[key], ...own[key] } } : {};
	return { ...common, ...own, ...of("context"), ...of("maps_after"), ...of("events") };
}

/** All that a frame did, and what it did not do though `expect` says it of all frames. */
function overCommon({ recorded, output }: Happened, common: Expectation): Expectation {
	const maps = Object.keys(common.maps_after ?? {}).filter((name) => !recorded.maps_after?.[name]);
	const events = Object.keys(common.events ?? {}).filter((name) => !recorded.events?.[name]);
	const fields = Object.keys(common.context ?? {}).filter(
		(name) => !Object.hasOwn(recorded.context ?? {}, name),
	);
	return merged(
		{
			...(common.length === undefined ? {} : { length: output?.packet?.length ?? 0 }),
			...(common.metadata === undefined ? {} : { metadata: toHex(output?.metadata ?? new Uint8Array()) }),
			...(maps.length === 0
				? {}
				: { maps_after: Object.fromEntries(maps.map((name) => [name, "unchanged"])) }),
			...(events.length === 0 ? {} : { events: Object.fromEntries(events.map((name) => [name, []])) }),
			...(fields.length === 0
				? {}
				: { context: Object.fromEntries(fields.map((name) => [name, output?.context?.[name]])) }),
		},
		recorded,
	);
}
