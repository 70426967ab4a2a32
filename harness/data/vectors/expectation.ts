// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place, within, wrong } from "../../base/errors.js";
import { retvalNames, retvalNumber } from "../../base/retval.js";
import { type Leaf, namedType, readInteger, type ValueType } from "../package/btf/leaf.js";
import { leavesOf } from "../package/btf/leaves-of.js";
import type { PackageObject } from "../package/package.js";
import { build } from "../packet/build.js";
import { fromHex, toHex } from "../packet/bytes.js";
import { diffPackets } from "../packet/diff.js";
import { matchLayers } from "../packet/match.js";
import type { MapExpectation } from "./compare-maps.js";
import { type ContextStruct, contextStruct, encodeContext } from "./context.js";
import type { PreparedInput } from "./input.js";
import {
	contentEntries,
	isEventMap,
	isReadable,
	type MapModel,
	mapModel,
	writtenEntries,
} from "./map-model.js";
import type { Mismatch } from "./mismatch.js";
import { packetMismatches } from "./mismatch.js";
import { testRunRules } from "./program-type.js";
import { socketOf } from "./reference.js";
import type { Expectation, ExpectedEvent, ExpectedMap, ExpectedPacket } from "./schema.js";
import type { Subject } from "./subject.js";

/** What one packet shall do. */
export interface Expected {
	/** As u32. */
	retval?: number;
	packet?(actual: Uint8Array): Mismatch[];
	/** Bytes of the packet that comes out. */
	length?: { bytes: number; text: string };
	metadata?: Uint8Array;
	/** Values by field name, in the spelling of `decodeContext`. */
	context?: Readonly<Record<string, unknown>>;
	/** Parts of a context that is a struct of the object's own. */
	contextValue?: { type: ValueType; leaves: Leaf[] };
	maps: { model: MapModel; expected: MapExpectation }[];
	events: ExpectedEvents[];
}

export interface ExpectedEvents {
	map: string;
	/** A perf event array, not a ring buffer. */
	perf: boolean;
	events: PreparedEvent[];
}

/** An event: some of its parts, or all of its bytes under a mask. */
export type PreparedEvent =
	| { kind: "value"; type: ValueType; leaves: Leaf[] }
	| { kind: "bytes"; bytes: Uint8Array; mask: Uint8Array };

/** @throws InputError */
export function prepareExpectation(
	{ object, type }: Subject,
	expect: Expectation,
	input: PreparedInput | undefined,
	place: Place,
): Expected {
	const at = (...keys: (string | number)[]): Place => ({
		file: place.file,
		pointer: [place.pointer, ...keys].join("/"),
	});
	const fail = (key: string, reason: string) => new InputError(place.file, at(key).pointer, reason);
	const expected: Expected = {
		maps: Object.entries(expect.maps_after ?? {}).map(([name, map]) =>
			expectedMap(object, name, map, at("maps_after", name)),
		),
		events: Object.entries(expect.events ?? {}).map(([map, events]) => ({
			map,
			perf: object.maps.some(({ name, type: mapType }) => name === map && mapType === "perf_event_array"),
			events: expectedEvents(object, map, events, at("events", map)),
		})),
	};
	if (expect.retval !== undefined) {
		const number = retvalNumber(type, expect.retval);
		if (number === undefined) {
			const names = retvalNames(type).join(", ");
			throw fail(
				"retval",
				`${JSON.stringify(expect.retval)} is not a return value of programs of type ${type}; expected ${names ? `${names} or ` : ""}a number`,
			);
		}
		expected.retval = number;
	}
	if (expect.packet !== undefined || expect.length !== undefined || expect.metadata !== undefined) {
		if (!input?.packet || !testRunRules(type).packetBack)
			throw wrong(place, `a program of type ${type} gives no packet back to compare`);
	}
	const sent = input?.packet ?? new Uint8Array();
	if (expect.packet !== undefined) expected.packet = packetTest(expect.packet, sent, at("packet"));
	if (expect.length !== undefined) {
		const bytes = typeof expect.length === "number" ? expect.length : sent.length + Number(expect.length);
		if (bytes < 0) throw fail("length", `leaves less than nothing of ${sent.length} bytes`);
		expected.length = { bytes, text: String(expect.length) };
	}
	if (expect.metadata !== undefined) {
		if (type !== "xdp") throw fail("metadata", `programs of type ${type} have no metadata`);
		expected.metadata = fromHex(expect.metadata) ?? new Uint8Array();
	}
	if (expect.context !== undefined) {
		const struct = contextStruct(type);
		if (struct && !givesContext(type))
			throw fail("context", `the kernel gives no context of a program of type ${type} back`);
		if (struct) expected.context = expectedContext(struct, expect.context, at("context"));
		else if (type === "syscall") {
			const valueType = namedType(object, expect.context.type, at("context", "type"));
			const leaves = leavesOf(valueType, expect.context.value, at("context", "value"), "given");
			expected.contextValue = { type: valueType, leaves };
		} else throw fail("context", `the context of a program of type ${type} is not known by fields`);
	}
	return expected;
}

const givesContext = (type: string) =>
	type === "xdp" || type === "flow_dissector" || testRunRules(type).contextBack;

/** Fields in the spelling of `decodeContext`; a cookie may be the name of its socket. */
function expectedContext(
	struct: ContextStruct,
	fields: Readonly<Record<string, unknown>>,
	place: Place,
): Readonly<Record<string, unknown>> {
	const { cookie } = fields;
	if (struct !== contextStruct("sk_lookup") || typeof cookie !== "string" || !cookie.includes(" ")) {
		// What cannot be written is not a field, or no value of it.
		encodeContext(struct, fields, place);
		return fields;
	}
	encodeContext(struct, { ...fields, cookie: 0 }, place);
	return { ...fields, cookie: socketOf(cookie, within(place, "cookie")).text };
}

function packetTest(expect: ExpectedPacket, sent: Uint8Array, place: Place): NonNullable<Expected["packet"]> {
	if (expect === "unchanged") return (actual) => packetMismatches(diffPackets(sent, actual), actual);
	const { layers, fields, hex, mask } = expect;
	const given = [layers, fields, hex].filter((way) => way !== undefined);
	if (given.length !== 1) throw wrong(place, "must have exactly one of layers, fields and hex");
	if (mask !== undefined && fields)
		throw new InputError(place.file, `${place.pointer}/mask`, "goes with layers or hex");
	if (fields) {
		const options = { place: within(place, "fields") };
		// What cannot be built is not a field, or no value of it.
		build(fields, options.place);
		return (actual) => packetMismatches(matchLayers(fields, actual, options), actual);
	}
	const wanted = layers ? build(layers, within(place, "layers")) : (fromHex(hex ?? "") ?? new Uint8Array());
	const bits = mask === undefined ? undefined : fromHex(mask);
	return (actual) => packetMismatches(diffPackets(wanted, actual, bits ? { mask: bits } : {}), actual);
}

function expectedMap(
	object: PackageObject,
	name: string,
	map: ExpectedMap,
	place: Place,
): Expected["maps"][number] {
	const model = mapModel(object, name);
	const fail = (reason: string) => wrong(place, reason);
	if (!model)
		throw fail(
			`${object.file} has no map ${name}; it has ${object.maps.map((each) => each.name).join(", ")}`,
		);
	if (!isReadable(model)) throw fail(`the content of a map of type ${model.type} cannot be compared`);
	if (map === "unchanged") return { model, expected: { kind: "unchanged" } };
	const exact = typeof map === "object" && !Array.isArray(map) && Object.keys(map).join() === "exact";
	const [spec, at] = exact ? [(map as { exact: unknown }).exact, within(place, "exact")] : [map, place];
	const written = writtenEntries(model, spec, at, "expected");
	const entries = model.inner ? contentEntries(written, at) : written;
	return { model, expected: { kind: "entries", exact, entries } };
}

function expectedEvents(
	object: PackageObject,
	map: string,
	events: readonly ExpectedEvent[],
	place: Place,
): PreparedEvent[] {
	const facts = object.maps.find((candidate) => candidate.name === map);
	if (!facts || !isEventMap(facts.type))
		throw wrong(place, `${object.file} has no ring buffer or perf event array ${map}`);
	return events.map(({ type, value, hex, mask }, index) => {
		const at = within(place, index);
		if ((type === undefined) === (hex === undefined) || (type === undefined) !== (value === undefined))
			throw wrong(at, "must have type and value, or hex");
		if (hex !== undefined) {
			const bytes = fromHex(hex) ?? new Uint8Array();
			const bits = mask === undefined ? new Uint8Array() : (fromHex(mask) ?? new Uint8Array());
			return { kind: "bytes", bytes, mask: bits };
		}
		const valueType = namedType(object, type, within(at, "type"));
		return {
			kind: "value",
			type: valueType,
			leaves: leavesOf(valueType, value, within(at, "value"), "expected"),
		};
	});
}

/** Where the events of a map are not as expected. */
export function compareEvents(
	{ map, perf, events: expected }: ExpectedEvents,
	actual: readonly Uint8Array[],
): Mismatch[] {
	const what = (index: number, path = "") => `event ${index + 1} of ${map}${path}`;
	const found = expected.flatMap((event, index): Mismatch[] => {
		const bytes = actual[index];
		if (!bytes) return [];
		if (event.kind === "bytes") {
			// The kernel fills perf events up to whole words.
			const length = bytes.length - event.bytes.length;
			const same =
				length >= 0 &&
				length < (perf ? 8 : 1) &&
				bytes
					.subarray(0, event.bytes.length)
					.every((byte, at) => ((byte ^ event.bytes[at]!) & (event.mask[at] ?? 0xff)) === 0);
			return same ? [] : [{ what: what(index), expected: toHex(event.bytes), actual: toHex(bytes) }];
		}
		if (bytes.length < event.type.size)
			return [{ what: what(index), expected: `${event.type.size} bytes`, actual: `${bytes.length} bytes` }];
		return event.leaves.flatMap((leaf) => compareLeaf(what(index, leaf.path), leaf, bytes));
	});
	if (expected.length !== actual.length)
		found.push({ what: `events of ${map}`, expected: expected.length, actual: actual.length });
	return found;
}

export function compareLeaf(what: string, leaf: Leaf, bytes: Uint8Array): Mismatch[] {
	if (leaf.kind === "integer") {
		const actual = readInteger(leaf, bytes);
		return actual === leaf.value
			? []
			: [{ what, expected: leaf.spell(leaf.value), actual: leaf.spell(actual) }];
	}
	const part = bytes.subarray(leaf.offset, leaf.offset + leaf.value.length);
	const same = part.every((byte, at) => byte === leaf.value[at]);
	return same ? [] : [{ what, expected: leaf.spell(leaf.value), actual: leaf.spell(part) }];
}
