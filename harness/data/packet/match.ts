// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place } from "../../base/errors.js";
import { buildLayer, type CheckedLayer, checkLayers } from "./build.js";
import { concat } from "./bytes.js";
import { type Difference, diffPackets } from "./diff.js";
import { type LinkType, type LocatedLayer, locate } from "./dissect.js";
import type { Around } from "./layer.js";
import type { Layers } from "./layers.js";
import { valuesOf } from "./layout.js";

export interface MatchOptions {
	linkType?: LinkType;
	/** Of the expected layers. */
	place?: Place;
}

/** What has to be right in a layer that is named, without being given. */
const verified = ["check", "tot_len", "payload_len", "len"];

/**
 * Where a packet is not as the given layers and fields say. The layers must follow each other in
 * the packet; others may stand before and behind them, and fields that are not given may have any
 * value, but checksums and lengths of the layers that are named must be right (a UDP checksum may
 * be absent; bytes that UDP's length leaves out may not).
 * @throws InputError when a field is given that cannot be written
 */
export function matchLayers(expected: Layers, actual: Uint8Array, options: MatchOptions = {}): Difference[] {
	const { linkType = "ethernet", place = somewhere } = options;
	const given = checkLayers(expected, place);
	const found = locate(actual, linkType);
	const first = firstRun(given, found);
	if (first < 0) {
		const names = (layers: Named) => layers.map(({ name }) => name).join(" ");
		const [top] = given;
		return [
			{ layer: 0, kind: top?.name ?? "", field: "", expected: names(given), actual: names(found), offset: 0 },
		];
	}
	return diffPackets(overwritten(given, first, found, actual), actual, { linkType });
}

/**
 * The packet as it would be right; undefined when the layers do not follow each other in it.
 * @throws InputError when a field is given that cannot be written
 */
export function withFields(
	expected: Layers,
	actual: Uint8Array,
	options: MatchOptions = {},
): Uint8Array | undefined {
	const { linkType = "ethernet", place = somewhere } = options;
	const given = checkLayers(expected, place);
	const found = locate(actual, linkType);
	const first = firstRun(given, found);
	if (first < 0) return undefined;
	const packet = overwritten(given, first, found, actual);
	return matchLayers(expected, packet, options).length === 0 ? packet : undefined;
}

const somewhere: Place = { file: "packet", pointer: "/layers" };
type Named = readonly { name: string }[];

/** Where the layers of one list stand in another; -1 when they do not. */
function firstRun(part: Named, whole: Named): number {
	for (let start = 0; start + part.length <= whole.length; start++)
		if (part.every(({ name }, index) => whole[start + index]?.name === name)) return start;
	return -1;
}

/** The packet with the given fields instead of its own, checksums and lengths computed again. */
function overwritten(
	given: readonly CheckedLayer[],
	first: number,
	found: readonly LocatedLayer[],
	packet: Uint8Array,
): Uint8Array {
	const enclosing = found.map(({ name, fields }, index) => {
		const value = given[index - first]?.value;
		const more = typeof value === "object" && value !== null ? value : {};
		return { name, values: { ...valuesOf(fields), ...more } };
	});
	let inner: Uint8Array = new Uint8Array();
	for (const [index, layer] of [...found.entries()].reverse()) {
		const wanted = given[index - first];
		const around = { inner, next: found[index + 1]?.name, outer: enclosing.slice(0, index) };
		if (wanted) inner = wantedLayer(layer, wanted, around);
		else {
			const trailer = layer.fields.trailer;
			const end = trailer ? layer.end + trailer.bits / 8 : layer.end;
			const header = packet.subarray(layer.offset, layer.offset + layer.header);
			inner = concat(header, inner, packet.subarray(layer.end, end));
		}
	}
	return inner;
}

function wantedLayer(layer: LocatedLayer, wanted: CheckedLayer, around: Omit<Around, "place">): Uint8Array {
	if (layer.name === "payload") return buildLayer(wanted, around);
	const values = valuesOf(layer.fields);
	const noChecksum = layer.name === "udp" && values.check === "0x0000";
	for (const name of verified) if (!(noChecksum && name === "check")) delete values[name];
	// IP may be padded by Ethernet; nothing pads UDP.
	if (layer.name === "udp") delete values.trailer;
	try {
		return buildLayer({ ...wanted, value: { ...values, ...Object(wanted.value) } }, around);
	} catch (error) {
		// What is there can have fields that what is wanted cannot: those of another ICMP message.
		if (error instanceof InputError) return buildLayer(wanted, around);
		throw error;
	}
}
