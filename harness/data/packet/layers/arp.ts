// SPDX-License-Identifier: Apache-2.0
import { ipv4Address, mac, named, uint } from "../field.js";
import { type LayerKind, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";
import { etherTypeField } from "./eth.js";

const layout = new Layout({
	hrd: uint(16, "hardware type", 1),
	pro: etherTypeField("0x0800"),
	hln: uint(8, "bytes of a hardware address", 6),
	pln: uint(8, "bytes of a protocol address", 4),
	op: named({ request: 1, reply: 2, "rarp-request": 3, "rarp-reply": 4 }, uint(16, "operation", 1)),
	sha: mac("sender's hardware address", "02:00:00:00:00:01"),
	spa: ipv4Address("sender's protocol address", "192.0.2.1"),
	tha: mac("target's hardware address", "00:00:00:00:00:00"),
	tpa: ipv4Address("target's protocol address", "192.0.2.2"),
});

export const arp: LayerKind = {
	description: "ARP for IPv4 over Ethernet (RFC 826)",
	fields: schemasOf(layout),
	build: (values, { place }) => layout.write(values, place),
	read: (bytes) =>
		bytes.length < layout.size ? undefined : { fields: layout.locate(bytes), header: layout.size },
};
