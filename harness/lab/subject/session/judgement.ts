// SPDX-License-Identifier: Apache-2.0

import { retvalName } from "../../../base/retval.js";
import type { JsonValue } from "../../../data/package/btf/btf-value.js";
import { equalBytes, toHex } from "../../../data/packet/bytes.js";
import { compareMap, mapChanges } from "../../../data/vectors/compare-maps.js";
import { contextStruct, decodeContext } from "../../../data/vectors/context.js";
import { compareEvents, compareLeaf, type Expected } from "../../../data/vectors/expectation.js";
import type { MapContent } from "../../../data/vectors/map-content.js";
import { type Mismatch, mismatchText } from "../../../data/vectors/mismatch.js";
import { testRunRules, withEthernetHeader } from "../../../data/vectors/program-type.js";
import type { PreparedStep, PreparedVector } from "../../../data/vectors/suite.js";
import type { StepRun, VectorRun } from "./vector-run.js";

/** The result of a vector that ran. */
export interface Judgement {
	/** One line for each mismatch: `packet 2: ipv4.ttl: expected 63, got 64`. */
	mismatches: string[];
	/** The same by packet, without its number, and the output. */
	steps: { output: Output; mismatches: string[] }[];
	/** Of a sequence: mismatches after its last packet. */
	after: string[];
	/** Results by fact, without the vector's volatile ones: comparable between kernels. */
	actual: Record<string, JsonValue>;
}

/** Compares the results of a vector with its expectations. */
export function judge(vector: PreparedVector, { before, steps }: VectorRun): Judgement {
	const mismatches: string[] = [];
	const judged: Judgement["steps"] = [];
	const afterAll: string[] = [];
	const actual: Record<string, JsonValue> = {};
	const type = vector.subject.type;
	const allEvents = new Map<string, Uint8Array[]>();
	let maps = before;
	for (const [index, run] of steps.entries()) {
		const step = vector.steps[index];
		if (!step) continue;
		const frame = step.frame === undefined ? "" : ` (frame ${step.frame})`;
		const name = vector.isSequence ? `packet ${index + 1}${frame}: ` : "";
		const after = run.maps ?? maps;
		const output = outputOf(type, step, run);
		const found = [
			...ofOutput(type, step.expected, output),
			...ofMaps(step.expected, maps, after),
			...step.expected.events.flatMap((events) => compareEvents(events, run.events.get(events.map) ?? [])),
		];
		const lines = found.map(mismatchText);
		judged.push({ output, mismatches: lines });
		mismatches.push(...lines.map((text) => name + text));
		maps = after;
		for (const [map, events] of run.events) allEvents.set(map, [...(allEvents.get(map) ?? []), ...events]);
		Object.assign(actual, factsOf(type, step, output, vector.isSequence ? `${index + 1}/` : ""));
	}
	if (vector.after) {
		const found = [
			...ofMaps(vector.after, before, maps),
			...vector.after.events.flatMap((events) => compareEvents(events, allEvents.get(events.map) ?? [])),
		];
		afterAll.push(...found.map(mismatchText));
		mismatches.push(...afterAll.map((text) => `after all packets: ${text}`));
	}
	for (const [name, content] of maps) {
		const was = before.get(name);
		if (!was) continue;
		for (const [path, [, now]] of mapChanges(was, content)) actual[`maps/${path}`] = now;
	}
	for (const [map, events] of allEvents)
		for (const [index, event] of events.entries()) actual[`events/${map}[${index}]`] = toHex(event);
	const stable = Object.entries(actual).filter(([fact]) => !vector.isVolatile(fact));
	return { mismatches, steps: judged, after: afterAll, actual: Object.fromEntries(stable) };
}

/** The output of one run. */
export interface Output {
	retval: number;
	/** Undefined where the kernel returns none. */
	packet?: Uint8Array;
	metadata: Uint8Array;
	/** Fields of the context; undefined where the kernel returns none. */
	context?: Record<string, JsonValue>;
	/** A context whose struct the object defines. */
	contextBytes?: Uint8Array;
}

export function outputOf(type: string, step: PreparedStep, { run, sockets }: StepRun): Output {
	const struct = contextStruct(type);
	// A flow dissector returns its keys in place of the packet.
	const bytes = type === "flow_dissector" ? run.data_out : run.ctx_out;
	const context = struct && bytes.length > 0 ? decodeContext(struct, bytes) : undefined;
	const socket = sockets?.get(Number(context?.cookie));
	if (context && socket !== undefined) context.cookie = socket;
	const start = type === "xdp" && step.wantsContext && context ? Number(context.data) : 0;
	const rules = testRunRules(type);
	const back = run.data_out.subarray(start);
	const sent = rules.packetBack && back.length > 0 ? step.packet : undefined;
	return {
		retval: run.retval,
		...(sent ? { packet: rules.ethernet === "hidden" ? withEthernetHeader(sent, back) : back } : {}),
		metadata: run.data_out.subarray(0, start),
		...(context ? { context } : {}),
		...(!struct && bytes.length > 0 ? { contextBytes: bytes } : {}),
	};
}

function ofOutput(type: string, expected: Expected, output: Output): Mismatch[] {
	const found: Mismatch[] = [];
	if (expected.retval !== undefined && expected.retval !== output.retval)
		found.push({
			what: "retval",
			expected: retvalName(type, expected.retval),
			actual: retvalName(type, output.retval),
		});
	const packet = output.packet ?? new Uint8Array();
	if (expected.length && expected.length.bytes !== packet.length) {
		const relative = /^[+-]/.test(expected.length.text);
		const change = packet.length - (expected.length.bytes - Number(expected.length.text));
		found.push({
			what: "length",
			expected: expected.length.text,
			actual: relative ? `${change < 0 ? "" : "+"}${change}` : packet.length,
		});
	}
	if (expected.packet) found.push(...expected.packet(packet));
	if (expected.metadata && !equalBytes(expected.metadata, output.metadata))
		found.push({ what: "metadata", expected: toHex(expected.metadata), actual: toHex(output.metadata) });
	if (expected.contextValue) {
		const { type: valueType, leaves } = expected.contextValue;
		const bytes = output.contextBytes ?? new Uint8Array();
		if (bytes.length < valueType.size)
			found.push({ what: "context", expected: `${valueType.size} bytes`, actual: `${bytes.length} bytes` });
		else found.push(...leaves.flatMap((leaf) => compareLeaf(`context${leaf.path}`, leaf, bytes)));
	}
	for (const [field, value] of Object.entries(expected.context ?? {})) {
		const actual = output.context?.[field] ?? "nothing";
		if (!sameValue(value, actual)) found.push({ what: `context.${field}`, expected: jsonOf(value), actual });
	}
	return found;
}

/** An expected list may be shorter than the actual one; numbers may be hexadecimal. */
function sameValue(wanted: unknown, actual: JsonValue): boolean {
	if (Array.isArray(wanted) && Array.isArray(actual))
		return wanted.every((value, index) => sameValue(value, actual[index] ?? null));
	return (
		String(wanted) === String(actual) ||
		(String(wanted).startsWith("0x") && Number(wanted) === Number(actual))
	);
}

function jsonOf(value: unknown): JsonValue {
	return JSON.parse(JSON.stringify(value ?? null));
}

function ofMaps(
	expected: Expected,
	before: Map<string, MapContent>,
	after: Map<string, MapContent>,
): Mismatch[] {
	return expected.maps.flatMap(({ model, expected: map }) => {
		const [was, is] = [before.get(model.name), after.get(model.name)];
		if (!was || !is) throw new Error(`map ${model.name} was not read`);
		return compareMap(map, was, is);
	});
}

/** Facts of one run. Of its context only fields that programs, and never the kernel, write. */
function factsOf(
	type: string,
	{ packet: sent }: PreparedStep,
	output: Output,
	prefix: string,
): Record<string, JsonValue> {
	const facts: Record<string, JsonValue> = { [`${prefix}retval`]: retvalName(type, output.retval) };
	const { packet, metadata, context, contextBytes } = output;
	if (contextBytes) facts[`${prefix}context`] = toHex(contextBytes);
	if (packet && sent) facts[`${prefix}packet`] = equalBytes(packet, sent) ? "unchanged" : toHex(packet);
	if (metadata.length > 0) facts[`${prefix}metadata`] = toHex(metadata);
	for (const field of contextStruct(type)?.written ?? []) {
		const value = context?.[field];
		if (value !== undefined && [value].flat().some((each) => each !== 0))
			facts[`${prefix}context.${field}`] = value;
	}
	return facts;
}
