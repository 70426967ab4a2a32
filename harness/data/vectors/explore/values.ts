// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from "@sinclair/typebox";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "../../packet/address.js";
import { readBits } from "../../packet/bytes.js";
import type { Located } from "../../packet/layout.js";
import { etherTypes, ipProtocols } from "../../packet/protocols.js";
import type { Random } from "../../packet/random.js";
import type { Pool } from "./pool.js";

/** A field of a packet's layer, for which another value is wanted. */
export interface Target {
	layer: string;
	field: string;
	located: Located;
	schema: TSchema;
	bytes: Uint8Array;
}

const ports = new Set(["sport", "dport"]);
const knownPorts = [0, 22, 53, 67, 80, 123, 443, 4789, 6081, 8080, 65535];
const ipv4Addresses = ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "169.254.0.1"];
const ipv6Addresses = ["::", "::1", "ff02::1", "fe80::1", "::ffff:192.0.2.1", "64:ff9b::c000:201"];
const macs = ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01", "00:00:00:00:00:00"];

/** Another value for a field, more often one with a meaning; undefined when none is known. */
export function otherValue(target: Target, random: Random, pool: Pool): unknown {
	const { schema, located, field, layer, bytes } = target;
	const seen = pool.values(layer, field);
	if (seen.length > 1 && random.chance(20)) return random.pick(seen);
	const flagNames: unknown = schema.type === "array" ? schema.items?.enum : undefined;
	if (Array.isArray(flagNames)) return otherFlags(flagNames, located.value, random);
	if (field === "options" && (layer === "ipv4" || layer === "tcp")) return otherOptions(random);
	if (schema.anyOf && located.bits <= 32) {
		const current = readBits(bytes, located.bit, located.bits);
		return otherNumber(current, located.bits, field, random, pool);
	}
	if (schema.type === "string" && typeof located.value === "string")
		return otherAddress(located.value, random, pool);
	return undefined;
}

function otherNumber(current: number, bits: number, field: string, random: Random, pool: Pool): number {
	const max = 2 ** bits - 1;
	if (ports.has(field) && random.chance(70)) {
		const keys = pool.parts(2).flatMap(([a = 0, b = 0]) => [a * 256 + b, b * 256 + a]);
		return random.pick([...knownPorts, ...keys]);
	}
	const protocols = bits === 8 ? ipProtocols : etherTypes;
	if (/^(protocol|nexthdr|proto)$/.test(field) && random.chance(80))
		return random.pick(Object.values(protocols)).number;
	const values = [0, 1, max, max - 1, current + 1, current - 1, current * 2, 2 ** random.below(bits)];
	return ((random.chance(80) ? random.pick(values) : random.below(max + 1)) + max + 1) % (max + 1);
}

function otherFlags(names: readonly string[], current: unknown, random: Random): string[] {
	const set = Array.isArray(current) ? current : [];
	switch (random.below(4)) {
		case 0:
			return [];
		case 1:
			return [...names];
		case 2: {
			const toggled = random.pick(names);
			return names.filter((name) => set.includes(name) !== (name === toggled));
		}
		default:
			return names.filter(() => random.chance(50));
	}
}

/** Of IPv4 and TCP: whole words, or one that says how long it is. */
function otherOptions(random: Random): unknown[] {
	const words = random.pick([1, 1, 2, 10]);
	if (random.chance(70)) return Array.from({ length: words * 4 }, () => "nop");
	return [{ option: { type: 200 + random.below(50), data: random.hex(words * 4 - 2) } }];
}

function otherAddress(current: string, random: Random, pool: Pool): string | undefined {
	const keyed = (size: number, format: (bytes: Uint8Array) => string) => pool.parts(size).map(format);
	const pick = (known: string[], any: () => string) => (random.chance(85) ? random.pick(known) : any());
	if (parseMac(current)) return pick([...macs, ...keyed(6, formatMac)], () => random.mac());
	if (parseIpv4(current)) return pick([...ipv4Addresses, ...keyed(4, formatIpv4)], () => random.ipv4());
	if (parseIpv6(current)) return pick([...ipv6Addresses, ...keyed(16, formatIpv6)], () => random.ipv6());
	return undefined;
}
