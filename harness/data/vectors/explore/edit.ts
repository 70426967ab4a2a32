// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { build } from "../../packet/build.js";
import { concat } from "../../packet/bytes.js";
import type { Layer, Layers } from "../../packet/layers.js";

/** One change to a packet; layers are those of the original, so that each can be undone alone. */
export type Edit = {
	/** `ipv4.ihl 5 → 15` */
	text: string;
} & (
	| { kind: "field"; layer: number; field: string; value: unknown }
	/** In front of the layer. */
	| { kind: "insert"; layer: number; layers: Layers }
	| { kind: "remove"; layer: number }
	/** In the packet that the changes above make. */
	| { kind: "byte"; offset: number; value: number }
	| { kind: "grow"; bytes: Uint8Array }
	/** Bytes that are left. */
	| { kind: "cut"; length: number }
	/** Of the program's context, which is changed and not the packet. */
	| { kind: "context"; context: Uint8Array }
);

/**
 * The changed packet: layers with lengths and checksums as right as before, then bytes, growth,
 * cut. Undefined when a layer cannot be built so.
 */
export function edited(layers: Layers, edits: readonly Edit[]): Uint8Array | undefined {
	let bytes: Uint8Array;
	try {
		bytes = build(layers.flatMap((layer, index) => editedLayer(layer, index, edits)));
	} catch (error) {
		if (error instanceof InputError) return undefined;
		throw error;
	}
	for (const edit of edits)
		if (edit.kind === "byte" && edit.offset < bytes.length) bytes[edit.offset] = edit.value;
	for (const edit of edits) if (edit.kind === "grow") bytes = concat(bytes, edit.bytes);
	for (const edit of edits) if (edit.kind === "cut") bytes = bytes.subarray(0, edit.length);
	return bytes;
}

function editedLayer(layer: Layer, index: number, edits: readonly Edit[]): Layer[] {
	const result: Layer[] = [];
	const changes: Record<string, unknown> = {};
	let removed = false;
	for (const edit of edits) {
		if (!("layer" in edit) || edit.layer !== index) continue;
		if (edit.kind === "field") changes[edit.field] = edit.value;
		else if (edit.kind === "insert") result.push(...edit.layers);
		else removed = true;
	}
	if (removed) return result;
	const [[name, values] = []] = Object.entries(layer);
	if (name === undefined || name === "payload") return [...result, layer];
	return [...result, { [name]: { ...values, ...changes } } as Layer];
}
