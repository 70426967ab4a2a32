// SPDX-License-Identifier: Apache-2.0
import { isIPv4, isIPv6 } from "node:net";

/** The six bytes of `02:00:00:00:00:01`; undefined when the text is no such address. */
export function parseMac(text: string): Uint8Array | undefined {
	if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) return undefined;
	return Uint8Array.from(Buffer.from(text.replaceAll(":", ""), "hex"));
}

export function formatMac(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** The four bytes of `192.0.2.1`. */
export function parseIpv4(text: string): Uint8Array | undefined {
	return isIPv4(text) ? Uint8Array.from(text.split("."), Number) : undefined;
}

export function formatIpv4(bytes: Uint8Array): string {
	return bytes.join(".");
}

/** The sixteen bytes of `2001:db8::1`; the last four may be an IPv4 address (RFC 4291, 2.2). */
export function parseIpv6(text: string): Uint8Array | undefined {
	if (!isIPv6(text) || text.includes("%")) return undefined;
	const tail = /[^:]*\.[^:]*$/.exec(text)?.[0];
	const last = tail === undefined ? undefined : parseIpv4(tail);
	const plain = last
		? text.slice(0, -tail!.length) +
			[0, 2].map((at) => ((last[at]! << 8) | last[at + 1]!).toString(16)).join(":")
		: text;
	const [head = "", rest] = plain.split("::");
	const groups = (part: string) =>
		part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
	const before = groups(head);
	const after = groups(rest ?? "");
	const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
	return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The one spelling that RFC 5952 recommends, without its forms that embed IPv4. */
export function formatIpv6(bytes: Uint8Array): string {
	const groups = Array.from({ length: 8 }, (_, at) => (bytes[at * 2]! << 8) | bytes[at * 2 + 1]!);
	let [start, length] = [-1, 1];
	for (let at = 0; at < 8; at++) {
		let end = at;
		while (end < 8 && groups[end] === 0) end++;
		if (end - at > length) [start, length] = [at, end - at];
	}
	const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
	if (start < 0) return text(groups);
	return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}
