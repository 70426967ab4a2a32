// SPDX-License-Identifier: Apache-2.0
import { hexadecimal, mac, named } from "../field.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";
import { etherTypeOfNone, etherTypes, layerOf, numberOf, numbersOf } from "../protocols.js";

/** The field of Ethernet, VLAN, GRE and Geneve headers that says what follows. */
export function etherTypeField(fallback?: string) {
	return named(
		numbersOf(etherTypes),
		hexadecimal(16, "EtherType of what follows, or a length below 0x600 (IEEE 802.3)", fallback),
	);
}

/** The EtherType of the layer that follows. */
export function etherTypeOf(next: string | undefined): number {
	return numberOf(etherTypes, next) ?? etherTypeOfNone;
}

/** The layer that follows by the field's value. */
export function layerOfEtherType(value: unknown): string | undefined {
	return layerOf(etherTypes, value);
}

const layout = new Layout({
	dst: mac("destination", "02:00:00:00:00:02"),
	src: mac("source", "02:00:00:00:00:01"),
	proto: etherTypeField(),
});

export const eth: LayerKind = {
	description: "Ethernet II header",
	fields: schemasOf(layout),
	build: (values, { place, next }) => layout.write(values, place, { proto: etherTypeOf(next) }),
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		return { fields, header: layout.size, next: layerOfEtherType(fields.proto!.value) };
	},
};
