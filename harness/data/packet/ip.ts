// SPDX-License-Identifier: Apache-2.0
import { parseIpv4, parseIpv6 } from "./address.js";
import { concat } from "./bytes.js";
import { internetChecksum, wordSum } from "./checksum.js";
import { named, uint } from "./field.js";
import type { Enclosing } from "./layer.js";
import { ipProtocolOfNone, ipProtocols, layerOf, numberOf, numbersOf } from "./protocols.js";

/** Addresses of the examples of RFC 5737 and RFC 3849: a packet that says nothing else has them. */
export const defaultAddresses = {
	ipv4: { src: "192.0.2.1", dst: "192.0.2.2" },
	ipv6: { src: "2001:db8::1", dst: "2001:db8::2" },
};

const extensions = new Set(["hopopts", "routing", "fragment", "dstopts"]);

/** The field that says which protocol follows. */
export function protocolField() {
	return named(numbersOf(ipProtocols), uint(8, "protocol that follows"));
}

/** The number of the layer that follows; IPv6 has one for nothing. */
export function protocolOf(next: string | undefined, isIpv6: boolean): number {
	if (next === undefined && isIpv6) return 59;
	return numberOf(ipProtocols, next) ?? ipProtocolOfNone;
}

/** The layer of a protocol number; IPv6's extension headers are such only inside IPv6. */
export function layerAfter(protocol: unknown, isIpv6: boolean): string | undefined {
	const layer = layerOf(ipProtocols, protocol);
	return layer !== undefined && extensions.has(layer) && !isIpv6 ? undefined : layer;
}

/** The innermost IP header around a layer, with only extension headers between them. */
function ipAround(outer: readonly Enclosing[]): Enclosing | undefined {
	return outer.findLast(({ name }) => !extensions.has(name) && name !== "ah");
}

export function insideIpv6(outer: readonly Enclosing[]): boolean {
	return ipAround(outer)?.name === "ipv6";
}

/** The checksum over a segment and any IP's pseudo-header (RFC 9293 3.1, RFC 8200 8.1). */
export function transportChecksum(
	outer: readonly Enclosing[],
	protocol: number,
	header: Uint8Array,
	inner: Uint8Array,
): number {
	const size = header.length + inner.length;
	const segment = wordSum(concat(header, inner));
	const ip = ipAround(outer);
	const addresses = addressesOf(ip, outer);
	if (!addresses) return internetChecksum(segment);
	return internetChecksum(wordSum(addresses), protocol, size & 0xffff, size >>> 16, segment);
}

/** An address that cannot be read counts as zero: the layer that has it refuses it. */
function addressesOf(ip: Enclosing | undefined, outer: readonly Enclosing[]): Uint8Array | undefined {
	if (ip?.name !== "ipv4" && ip?.name !== "ipv6") return undefined;
	const [parse, size] = ip.name === "ipv4" ? [parseIpv4, 4] : [parseIpv6, 16];
	const { src, dst } = defaultAddresses[ip.name];
	const bytes = (value: unknown) =>
		(typeof value === "string" ? parse(value) : undefined) ?? new Uint8Array(size);
	return concat(bytes(ip.values.src ?? src), bytes(finalDestination(ip, outer) ?? ip.values.dst ?? dst));
}

/** The last stop of a route not yet used up: Linux and Wireshark take it as destination. */
function finalDestination(ip: Enclosing, outer: readonly Enclosing[]): unknown {
	if (ip.name === "ipv4") return sourceRoute(ip.values.options);
	const inside = outer.slice(outer.lastIndexOf(ip));
	const routes = inside.flatMap(({ name, values }) => {
		const { addresses, segments_left, type } = values;
		if (name !== "routing" || !Array.isArray(addresses)) return [];
		const left = Number(segments_left ?? addresses.length);
		return left > 0 ? [type === "segment" || Number(type) === 4 ? addresses[0] : addresses.at(-1)] : [];
	});
	return routes.at(-1);
}

/** Of IPv4's options (RFC 791 3.1): used up when the pointer has passed the last address. */
function sourceRoute(options: unknown): unknown {
	for (const option of Array.isArray(options) ? options : []) {
		const { loose_route, strict_route } = Object(option);
		const { pointer, route } = Object(loose_route ?? strict_route);
		if (Array.isArray(route)) return Number(pointer ?? 4) <= 3 + route.length * 4 ? route.at(-1) : undefined;
	}
	return undefined;
}
