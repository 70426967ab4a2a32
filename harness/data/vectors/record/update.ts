// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../../../base/errors.js";
import { equalBytes, toHex } from "../../packet/bytes.js";
import type { Difference } from "../../packet/diff.js";
import { dissect } from "../../packet/dissect.js";
import type { Layers } from "../../packet/layers.js";
import { matchLayers } from "../../packet/match.js";
import { contextStruct, decodeContext, encodeContext } from "../context.js";
import { type Expected, prepareExpectation } from "../expectation.js";
import type { PreparedInput } from "../input.js";
import type { MapContent } from "../map-content.js";
import type { Expectation } from "../schema.js";
import type { Subject } from "../subject.js";
import { type Change, changed, valueAt } from "./change.js";
import type { ObservedStep } from "./observed.js";
import { recordedRetval } from "./record.js";
import { eventChanges, mapChanges } from "./update-leaves.js";

/** What an expectation is compared with. */
export interface Happened {
	subject: Subject;
	/** What went in; undefined for what is expected after all packets of a sequence. */
	input: PreparedInput | undefined;
	/** What came out; undefined for what is expected after all packets of a sequence. */
	output: Pick<ObservedStep, "retval" | "packet" | "metadata" | "context"> | undefined;
	before: ReadonlyMap<string, MapContent>;
	after: ReadonlyMap<string, MapContent>;
	events: ReadonlyMap<string, readonly Uint8Array[]>;
	/** All that there is to expect. */
	recorded: Expectation;
}

const nowhere = { file: "", pointer: "" };

/**
 * What has to change so that an expectation holds, nothing else: single numbers stay where they
 * are, relative ones relative; a map or list that cannot be corrected so is written as a whole.
 */
export function updates(written: Expectation, happened: Happened): Change[] {
	const { subject, input, output, recorded } = happened;
	const expected = prepareExpectation(subject, written, input, nowhere);
	const changes: Change[] = output ? ofOutput(written, expected, happened, output) : [];
	for (const [index, { model }] of expected.maps.entries()) {
		const { name } = model;
		const [was, is] = [happened.before.get(name), happened.after.get(name)];
		const prepared = expected.maps[index];
		if (!was || !is || !prepared) continue;
		const path = ["maps_after", name];
		const small = mapChanges(prepared.expected, valueAt(written, path), was, is, path);
		changes.push(...orWhole(small, path, recorded.maps_after?.[name] ?? "unchanged"));
	}
	for (const prepared of expected.events) {
		const path = ["events", prepared.map];
		const small = eventChanges(prepared, happened.events.get(prepared.map) ?? []);
		changes.push(...orWhole(small, path, recorded.events?.[prepared.map] ?? []));
	}
	return changes;

	/** Small changes must read as what happened; else the whole is written again. */
	function orWhole(small: Change[] | undefined, path: readonly string[], whole: unknown): Change[] {
		if (small?.length === 0) return [];
		const wholly = [{ path, value: whole }];
		if (!small) return wholly;
		const [, name = ""] = path;
		return holds(changed(written, small) as Expectation, path[0] ?? "", name, happened) ? small : wholly;
	}
}

/** Whether what an expectation says of one map holds, or of the events of one. */
function holds(written: Expectation, kind: string, name: string, happened: Happened): boolean {
	try {
		const expected = prepareExpectation(happened.subject, written, happened.input, nowhere);
		if (kind === "events") {
			const events = expected.events.find(({ map }) => map === name);
			return !!events && eventChanges(events, happened.events.get(name) ?? [])?.length === 0;
		}
		const map = expected.maps.find(({ model }) => model.name === name);
		const [was, is] = [happened.before.get(name), happened.after.get(name)];
		return (
			!!map &&
			!!was &&
			!!is &&
			mapChanges(map.expected, valueAt(written, ["maps_after", name]), was, is, [])?.length === 0
		);
	} catch (error) {
		if (error instanceof InputError) return false;
		throw error;
	}
}

function ofOutput(
	written: Expectation,
	expected: Expected,
	{ subject: { type }, recorded }: Happened,
	output: NonNullable<Happened["output"]>,
): Change[] {
	const changes: Change[] = [];
	const packet = output.packet ?? new Uint8Array();
	if (expected.retval !== undefined && expected.retval !== output.retval)
		changes.push({ path: ["retval"], value: recordedRetval(type, output.retval) });
	if (expected.length && expected.length.bytes !== packet.length) {
		const sent = expected.length.bytes - Number(expected.length.text);
		const change = packet.length - sent;
		const relative = /^[+-]/.test(expected.length.text);
		changes.push({ path: ["length"], value: relative ? `${change < 0 ? "" : "+"}${change}` : packet.length });
	}
	if (expected.packet && expected.packet(packet).length > 0)
		changes.push(...ofPacket(written.packet, packet, recorded.packet));
	if (expected.metadata && !equalBytes(expected.metadata, output.metadata))
		changes.push({ path: ["metadata"], value: toHex(output.metadata) });
	for (const [field, value] of Object.entries(written.context ?? {})) {
		const actual = output.context?.[field];
		if (actual !== undefined && !isSame(type, field, value, actual))
			changes.push({ path: ["context", field], value: actual });
	}
	return changes;
}

function isSame(type: string, field: string, value: unknown, actual: unknown): boolean {
	const struct = contextStruct(type);
	if (!struct) return false;
	const wanted = decodeContext(struct, encodeContext(struct, { [field]: value }, nowhere))[field];
	// Lists may be cut short.
	if (Array.isArray(wanted) && Array.isArray(actual) && Array.isArray(value))
		return isDeepStrictEqual(wanted.slice(0, value.length), actual.slice(0, value.length));
	return isDeepStrictEqual(wanted, actual);
}

/** Of `fields`, those that are given and differ; else the packet in the form that it had. */
function ofPacket(
	written: Expectation["packet"],
	packet: Uint8Array,
	recorded: Expectation["packet"],
): Change[] {
	const whole: Change[] = [{ path: ["packet"], value: recorded ?? { hex: toHex(packet) } }];
	if (written === undefined || written === "unchanged") return whole;
	if (written.hex !== undefined) return [{ path: ["packet", "hex"], value: toHex(packet) }];
	if (written.layers && typeof recorded === "object" && recorded.layers)
		return [{ path: ["packet", "layers"], value: recorded.layers }];
	const { fields } = written;
	return (fields && correctedFields(fields, packet)) ?? whole;
}

/** What has to change in `fields`; undefined when changing fields does not do. */
function correctedFields(fields: Layers, packet: Uint8Array): Change[] | undefined {
	const changes: Change[] = [];
	// What is right of a checksum depends on what stands behind it: a change may make another one
	// wrong.
	for (let pass = 0; pass < fields.length + 1; pass++) {
		const corrected = changed(fields, changes) as Layers;
		try {
			const differences = matchLayers(corrected, packet);
			if (differences.length === 0)
				return changes.map(({ path, value }) => ({ path: ["packet", "fields", ...path], value }));
			changes.push(...differences.flatMap((difference) => fieldChange(corrected, difference, packet) ?? []));
		} catch (error) {
			if (error instanceof InputError) return undefined;
			throw error;
		}
	}
	return undefined;
}

function fieldChange(
	fields: Layers,
	{ kind, layer, field, expected, actual }: Difference,
	packet: Uint8Array,
): Change | undefined {
	const named = fields.flatMap((each, index) => (kind in each ? [index] : []));
	if (actual === undefined || field === "" || named.length === 0) return undefined;
	if (kind === "payload")
		return { path: [String(named[0]), kind], value: valueAt(dissect(packet)[layer], [kind]) };
	const path = [kind, ...field.split("/")];
	// Checksums and lengths are looked at where they are not given, too.
	const at = named.find((index) => isDeepStrictEqual(valueAt(fields[index], path), expected)) ?? named[0];
	return { path: [String(at), ...path], value: actual };
}
