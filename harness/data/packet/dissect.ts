// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { equalBytes } from "./bytes.js";
import { contentOf } from "./content.js";
import type { Around, Enclosing, LayerKind } from "./layer.js";
import { located } from "./layer.js";
import { type HeaderName, type Layer, type Layers, layerKind, maxLayers } from "./layers.js";
import { type Located, valuesOf } from "./layout.js";

/** How a packet begins: with an Ethernet header, or an IP header of its first bits' version. */
export type LinkType = "ethernet" | "raw";

/** A layer in a packet with all its fields, those too that would be computed. */
export interface LocatedLayer {
	name: HeaderName | "payload";
	/** Of its first byte in the packet. */
	offset: number;
	/** Bytes of the header; of a payload, all. */
	header: number;
	/** Offset behind the last byte that the layer encloses, without its trailer. */
	end: number;
	/** By name, bits counted from the start of the packet; of a payload, `payload`. */
	fields: Readonly<Record<string, Located>>;
}

const nowhere = { file: "", pointer: "" };

/** Finds the layers of any bytes; what cannot be read and written again is payload. */
export function locate(bytes: Uint8Array, linkType: LinkType = "ethernet"): LocatedLayer[] {
	const layers: LocatedLayer[] = [];
	const outer: Enclosing[] = [];
	let start = 0;
	let end = bytes.length;
	let name = linkType === "ethernet" ? "eth" : rawLayer(bytes);
	while (start < end && layers.length < maxLayers) {
		const kind = layerKind(name);
		const rest = bytes.subarray(start, end);
		const reading = kind?.read(rest, outer);
		if (!kind || !reading) break;
		const values = valuesOf(reading.fields);
		const header = rest.subarray(0, reading.header);
		if (!writes(kind, values, header, { place: nowhere, inner: new Uint8Array(), next: undefined, outer }))
			break;
		const innerEnd = start + (reading.end ?? rest.length);
		const fields: Record<string, Located> = {};
		for (const [field, { value, bit, bits }] of Object.entries(reading.fields))
			fields[field] = { value, bit: bit + start * 8, bits };
		if (innerEnd < end)
			fields.trailer = located(contentOf(bytes.subarray(innerEnd, end)), innerEnd, end - innerEnd);
		layers.push({ name: name as HeaderName, offset: start, header: reading.header, end: innerEnd, fields });
		outer.push({ name: name!, values });
		start += reading.header;
		end = innerEnd;
		name = reading.next;
	}
	if (start < end) layers.push(payloadLayer(bytes, start, end));
	return layers;
}

/** Layers without what `build` computes: `build(dissect(bytes))` is `bytes`. Never throws. */
export function dissect(bytes: Uint8Array, linkType: LinkType = "ethernet"): Layers {
	const layers = locate(bytes, linkType);
	const enclosing = layers.map(({ name, fields }) => ({ name, values: valuesOf(fields) }));
	return layers.map((layer, index): Layer => {
		if (layer.name === "payload") return { payload: contentOf(bytes.subarray(layer.offset, layer.end)) };
		const headerEnd = layer.offset + layer.header;
		const around = {
			place: nowhere,
			inner: bytes.subarray(headerEnd, layer.end),
			next: layers[index + 1]?.name,
			outer: enclosing.slice(0, index),
		};
		const { trailer, ...values } = enclosing[index]!.values;
		const kind = layerKind(layer.name)!;
		const needed = withoutComputed(kind, values, bytes.subarray(layer.offset, headerEnd), around);
		return { [layer.name]: trailer === undefined ? needed : { ...needed, trailer } } as Layer;
	});
}

function rawLayer(bytes: Uint8Array): string | undefined {
	const version = (bytes[0] ?? 0) >> 4;
	return version === 4 ? "ipv4" : version === 6 ? "ipv6" : undefined;
}

function payloadLayer(bytes: Uint8Array, start: number, end: number): LocatedLayer {
	const payload = located(contentOf(bytes.subarray(start, end)), start, end - start);
	return { name: "payload", offset: start, header: end - start, end, fields: { payload } };
}

/** Whether the values are written as `header`. */
function writes(
	kind: LayerKind,
	values: Readonly<Record<string, unknown>>,
	header: Uint8Array,
	around: Around,
): boolean {
	try {
		return equalBytes(kind.build(values, around), header);
	} catch (error) {
		if (error instanceof InputError) return false;
		throw error;
	}
}

/** Leaves out all defaults; where that changes the header, one by one, the last first. */
function withoutComputed(
	kind: LayerKind,
	values: Readonly<Record<string, unknown>>,
	header: Uint8Array,
	around: Around,
): Record<string, unknown> {
	const isNeeded = ([name, value]: [string, unknown]) =>
		kind.kept?.includes(name) || isUnusual(value, kind.fields[name]?.default);
	const least = Object.fromEntries(Object.entries(values).filter(isNeeded));
	if (writes(kind, least, header, around)) return least;
	let needed = { ...values };
	for (const name of Object.keys(values).reverse()) {
		if (name in least) continue;
		const { [name]: _, ...fewer } = needed;
		if (writes(kind, fewer, header, around)) needed = fewer;
	}
	return needed;
}

/** Another value than the default is needed, which spares the try. */
function isUnusual(value: unknown, fallback: unknown): boolean {
	return fallback !== undefined && typeof value !== "object" && value !== fallback;
}
