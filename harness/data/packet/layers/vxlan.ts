// SPDX-License-Identifier: Apache-2.0
import { hexadecimal, uint } from "../field.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const layout = new Layout({
	flags: hexadecimal(8, "0x08: the VNI is valid", "0x08"),
	reserved: hexadecimal(24, "reserved; group policy of some extensions", "0x000000"),
	vni: uint(24, "VXLAN network identifier", 1),
	reserved2: hexadecimal(8, "reserved", "0x00"),
});

export const vxlan: LayerKind = {
	description: "VXLAN header (RFC 7348); an eth layer follows",
	fields: schemasOf(layout),
	build: (values, { place }) => layout.write(values, place),
	read: (bytes) =>
		bytes.length < layout.size
			? undefined
			: { fields: layout.locate(bytes), header: layout.size, next: "eth" },
};
