// SPDX-License-Identifier: Apache-2.0
import { helperName, mapTypes } from "../../../base/bpf.js";
import type { Place } from "../log.js";
import type { Fields } from "../rule.js";

/** `reads`, `writes` or `lets bpf_x access`, by the instruction that was refused. */
export function accesses(place: Place): string {
	const code = /^\(([0-9a-f]{2})\) (?:call (?:pc|([A-Za-z0-9_]+)))?/.exec(place.disassembly ?? "");
	if (!code) return "accesses";
	const opcode = Number.parseInt(code[1]!, 16);
	if (opcode === 0x85) return `lets ${code[2] ?? "a function"} access`;
	return [2, 3].includes(opcode & 7) ? "writes" : "reads";
}

/** `passes <what> to bpf_x`, `returns <what>`, `reads through <what>`, by the instruction. */
export function hands(place: Place, what: string): string {
	if (/^\(85\)/.test(place.disassembly ?? ""))
		return `passes ${what} to ${callee(place) ?? "a function"}, one`;
	if (/^\(95\)/.test(place.disassembly ?? "")) return `returns ${what}`;
	return `${accesses(place)} through ${what}`;
}

/** Name of the function called by the instruction that was refused. */
export const callee = (place: Place) => /call (?!pc[-+])([A-Za-z0-9_]+)/.exec(place.disassembly ?? "")?.[1];

export const register = (fields: Fields) => `R${fields.register}`;

/** A pointer's type as the verifier names it, or its meaning where the name says nothing. */
export function typed(type: string | number | undefined): string {
	if (type === "inv" || type === "scalar") return "a number";
	if (type === "fp") return "a stack pointer";
	if (type === "ctx") return "the context";
	const [, kind, name, nullable] =
		/^((?:[a-z]+_)*?)(map_value|map_key|map_ptr|pkt|pkt_end|pkt_meta|mem|buf|sock|arena|func)(_or_null)?$/.exec(
			String(type),
		) ?? [];
	if (name !== undefined)
		return `a ${pointers[name] ?? name}${kind ? ` (${type})` : ""}${nullable ? " that may be NULL" : ""}`;
	const kernel = /^((?:[a-z]+_)*?)ptr_(or_null_)?(\w*)$/.exec(String(type));
	if (kernel)
		return `a pointer to ${kernel[3] ? `kernel struct ${kernel[3]}` : "a kernel structure"} (${type})`;
	return String(type);
}

const pointers: Readonly<Record<string, string>> = {
	map_value: "pointer to a map value",
	map_key: "pointer to a map key",
	map_ptr: "map",
	pkt: "packet pointer",
	pkt_end: "pointer to the packet's end",
	pkt_meta: "pointer to packet metadata",
	mem: "pointer to memory",
	buf: "pointer to a buffer",
	sock: "socket",
	arena: "arena pointer",
	func: "pointer to a function",
};

/** The kernel's name of a map type by its number; the number where it is newer than the table. */
export const mapTypeName = (number: string | number | undefined) =>
	mapTypes.name(Number(number)) ?? `${number}`;

const helperOf = (fields: Fields) =>
	fields.helper === undefined || fields.helper === "unknown"
		? (helperName(Number(fields.helper_id)) ?? "")
		: String(fields.helper);

/** `bpf_xdp_load_bytes (#189)`, also where the kernel is too old to know the name. */
export const named = (fields: Fields) =>
	`${helperOf(fields)} (#${fields.helper_id})`.replace(/^ \((.*)\)$/, "$1");

/** The feature that a helper is: `helper:bpf_xdp_load_bytes`. */
export const helperFeature = (fields: Fields) => `helper:${helperOf(fields)}` as const;

/** `smin=5 smax=5` or a tnum `(0x11; 0x0)` as a number or a range; other words as they are. */
export function returned(words: string): string {
	const end = /^smin=(-?\d+)$/.exec(words) ?? /^smax=(-?\d+)$/.exec(words);
	if (end) return `${words.startsWith("smin") ? "at least" : "at most"} ${end[1]}`;
	const range = /^smin=(-?\d+) smax=(-?\d+)$/.exec(words) ?? /^\[(-?\d+), (-?\d+)\]$/.exec(words);
	if (range) return range[1] === range[2] ? range[1]! : `${range[1]} to ${range[2]}`;
	const tnum = /^(?:value )?\(0x([0-9a-f]{1,12}); 0x([0-9a-f]{1,12})\)$/.exec(words);
	if (!tnum) return words.startsWith("unknown") ? "a number that nothing bounds" : words;
	const [value, unknown] = tnum.slice(1).map((digits) => Number.parseInt(digits, 16));
	return unknown === 0 ? `${value}` : `${value} to ${value! + unknown!}`;
}

/** R1, or `*(R11-8)` for an argument on the stack (from 7.3). */
const reg = "(?:R(?<register>\\d+)|\\*\\(R11-\\d+\\))";
/** A pattern in which `<reg>` stands for a register. */
export const withRegister = (source: string) => new RegExp(source.replaceAll("<reg>", reg));
