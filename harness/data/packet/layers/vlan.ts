// SPDX-License-Identifier: Apache-2.0
import { flags, uint } from "../field.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";
import { etherTypeField, etherTypeOf, layerOfEtherType } from "./eth.js";

const layout = new Layout({
	pcp: uint(3, "priority code point", 0),
	flags: flags(["dei"], "drop eligible", []),
	id: uint(12, "VLAN identifier", 1),
	proto: etherTypeField(),
});

/** The tag protocol identifier stands in front of a tag: it is `proto` of the layer before. */
export const vlan: LayerKind = {
	description: '802.1Q tag; an outer 802.1ad tag is one too, after `"proto": "802.1ad"`',
	fields: schemasOf(layout),
	build: (values, { place, next }) => layout.write(values, place, { proto: etherTypeOf(next) }),
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		return { fields, header: layout.size, next: layerOfEtherType(fields.proto!.value) };
	},
};
