// SPDX-License-Identifier: Apache-2.0

import { InputError, type Place, within } from "../../base/errors.js";
import { shown } from "../../base/printable.js";
import { concat } from "./bytes.js";
import { contentBytes, maxPacket } from "./content.js";
import { content } from "./items.js";
import { type Around, checkValues, type Enclosing, optional } from "./layer.js";
import { fieldNames, type Layers, layerKind, layerKinds, maxLayers } from "./layers.js";

/** A layer whose kind there is. */
export interface CheckedLayer {
	name: string;
	/** Not yet checked. */
	value: unknown;
	/** Of the value. */
	place: Place;
}

/**
 * The bytes of a packet. What is not given is computed or has its default; what is given is written
 * as it is, so that a packet can be wrong in any way.
 * @throws InputError with the JSON pointer of the field
 */
export function build(layers: Layers, place: Place = { file: "packet", pointer: "/layers" }): Uint8Array {
	const list = checkLayers(layers, place);
	const enclosing: Enclosing[] = list.map(({ name, value }) => ({
		name,
		values: typeof value === "object" && value !== null ? { ...value } : {},
	}));
	let inner: Uint8Array = new Uint8Array();
	for (const [index, layer] of [...list.entries()].reverse()) {
		inner = buildLayer(layer, { inner, next: list[index + 1]?.name, outer: enclosing.slice(0, index) });
		if (inner.length > maxPacket)
			throw new InputError(
				layer.place.file,
				layer.place.pointer,
				`makes a packet of more than ${maxPacket} bytes`,
			);
	}
	return inner;
}

/** A layer and all that it encloses. @throws InputError */
export function buildLayer({ name, value, place }: CheckedLayer, around: Omit<Around, "place">): Uint8Array {
	if (name === "payload") return concat(contentBytes(value, place), around.inner);
	const kind = layerKind(name)!;
	checkValues(name, value, fieldNames(kind), place);
	const header = kind.build(value, { ...around, place });
	const trailer = kind.delimited ? optional(content, value, "trailer", place) : new Uint8Array();
	return concat(header, around.inner, trailer);
}

/** @throws InputError when they are not a list of layers of known kinds */
export function checkLayers(layers: Layers, place: Place): CheckedLayer[] {
	const fail = ({ file, pointer }: Place, reason: string) => new InputError(file, pointer, reason);
	if (!Array.isArray(layers)) throw fail(place, `${shown(layers)} is not a list of layers`);
	if (layers.length > maxLayers + 1)
		throw fail(place, `has ${layers.length} layers; at most ${maxLayers + 1} are built`);
	return layers.map((layer: unknown, index) => {
		const at = within(place, index);
		const entries =
			typeof layer === "object" && layer !== null && !Array.isArray(layer) ? Object.entries(layer) : [];
		const [entry] = entries;
		if (!entry || entries.length !== 1)
			throw fail(at, `${shown(layer)} is not an object with one key, the kind of the layer`);
		const [name, value] = entry;
		if (name !== "payload" && !layerKind(name))
			throw fail(
				at,
				`there is no layer ${shown(name)}; ${Object.keys(layerKinds).join(", ")} and payload are known`,
			);
		return { name, value, place: within(at, name) };
	});
}
