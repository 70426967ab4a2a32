// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place } from "../../base/errors.js";
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from "../packet/address.js";

/** A socket that the guest opens: TCP listens there, UDP is bound. */
export interface SocketName {
	protocol: "tcp" | "udp";
	/** 4 or 16 bytes. */
	address: Uint8Array;
	port: number;
	/** Equal for equal sockets, and what findings call it: `tcp 192.0.2.1:443`. */
	text: string;
}

/** A value of a map that refers to something instead of holding bytes. */
export type Reference = { kind: "program"; program: string } | { kind: "socket"; socket: SocketName };

/** Map types whose values are sockets. */
export const socketMaps: ReadonlySet<string> = new Set(["sockmap", "sockhash"]);
/** Map types whose values are devices, by ifindex: `lo` is 1 (include/net/flow.h). */
export const deviceMaps: ReadonlySet<string> = new Set(["devmap", "devmap_hash"]);
export const LOOPBACK_IFINDEX = 1;

/**
 * What a value of a program array or socket map names; undefined for others.
 * @throws InputError when it names nothing
 */
export function referenceOf(
	mapType: string,
	programs: readonly string[],
	value: unknown,
	place: Place,
): Reference | undefined {
	if (mapType === "prog_array") return { kind: "program", program: programOf(programs, value, place) };
	if (socketMaps.has(mapType)) return { kind: "socket", socket: socketOf(value, place) };
	return undefined;
}

function programOf(programs: readonly string[], value: unknown, { file, pointer }: Place): string {
	const name = typeof value === "object" && value !== null && "program" in value ? value.program : undefined;
	if (typeof name !== "string" || Object.keys(value as object).length !== 1)
		throw new InputError(file, pointer, 'must be a program of the object: { "program": "…" }');
	if (!programs.includes(name)) {
		const has = programs.slice(0, 12).join(", ");
		throw new InputError(
			file,
			`${pointer}/program`,
			`there is no program ${JSON.stringify(name)}; there are ${has}`,
		);
	}
	return name;
}

/** `tcp 192.0.2.1:443`, `udp [2001:db8::1]:53`. @throws InputError */
export function socketOf(value: unknown, { file, pointer }: Place): SocketName {
	const match =
		typeof value === "string" ? /^(tcp|udp) (?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) : null;
	const [, protocol, six, four, digits] = match ?? [];
	const address = six === undefined ? parseIpv4(four ?? "") : parseIpv6(six);
	const port = Number(digits);
	if (!address || (protocol !== "tcp" && protocol !== "udp") || !(port >= 1 && port <= 0xffff))
		throw new InputError(
			file,
			pointer,
			`${JSON.stringify(value)} is not a socket; expected "tcp 192.0.2.1:443" (listening) or "udp [2001:db8::1]:53" (bound)`,
		);
	const host = address.length === 4 ? formatIpv4(address) : `[${formatIpv6(address)}]`;
	return { protocol, address, port, text: `${protocol} ${host}:${port}` };
}
