// SPDX-License-Identifier: Apache-2.0

/** What a number in one layer says of the layer that follows. */
export interface Protocol {
	number: number;
	/** The layer kind; undefined when this one's bytes are not read. */
	layer?: string;
}

/** EtherTypes (IANA ieee-802-numbers); the first of a layer kind is the one that is computed. */
export const etherTypes: Readonly<Record<string, Protocol>> = {
	ipv4: { number: 0x0800, layer: "ipv4" },
	arp: { number: 0x0806, layer: "arp" },
	ipv6: { number: 0x86dd, layer: "ipv6" },
	"802.1q": { number: 0x8100, layer: "vlan" },
	"802.1ad": { number: 0x88a8, layer: "vlan" },
	ethernet: { number: 0x6558, layer: "eth" },
	mpls: { number: 0x8847 },
	lldp: { number: 0x88cc },
};
/** IEEE 802 local experimental: what follows is a layer without a number. */
export const etherTypeOfNone = 0x88b5;

/** Protocol numbers (IANA protocol-numbers); extension headers only within IPv6. */
export const ipProtocols: Readonly<Record<string, Protocol>> = {
	hopopts: { number: 0, layer: "hopopts" },
	icmp: { number: 1, layer: "icmp" },
	igmp: { number: 2 },
	ipv4: { number: 4, layer: "ipv4" },
	tcp: { number: 6, layer: "tcp" },
	udp: { number: 17, layer: "udp" },
	ipv6: { number: 41, layer: "ipv6" },
	routing: { number: 43, layer: "routing" },
	fragment: { number: 44, layer: "fragment" },
	gre: { number: 47, layer: "gre" },
	esp: { number: 50 },
	ah: { number: 51, layer: "ah" },
	icmpv6: { number: 58, layer: "icmpv6" },
	none: { number: 59 },
	dstopts: { number: 60, layer: "dstopts" },
	sctp: { number: 132, layer: "sctp" },
	ethernet: { number: 143, layer: "eth" },
};
/** For experimentation (RFC 3692). */
export const ipProtocolOfNone = 253;

/** Names with their numbers, for a field. */
export function numbersOf(protocols: Readonly<Record<string, Protocol>>): Record<string, number> {
	return Object.fromEntries(Object.entries(protocols).map(([name, { number }]) => [name, number]));
}

/** The number that announces a layer kind. */
export function numberOf(
	protocols: Readonly<Record<string, Protocol>>,
	layer: string | undefined,
): number | undefined {
	return Object.values(protocols).find((protocol) => protocol.layer === layer && layer !== undefined)?.number;
}

/** The layer kind that a field's value, in its canonical spelling, announces. */
export function layerOf(protocols: Readonly<Record<string, Protocol>>, value: unknown): string | undefined {
	return typeof value === "string" && Object.hasOwn(protocols, value) ? protocols[value]!.layer : undefined;
}
