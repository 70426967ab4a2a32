// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { concat } from "./bytes.js";
import type { LocatedLayer } from "./dissect.js";
import { layerKind } from "./layers.js";
import { valuesOf } from "./layout.js";

/** Lengths of layers; where one exceeds the packet, checksums lack what was cut off. */
const lengths: Readonly<Record<string, string>> = { ipv4: "tot_len", ipv6: "payload_len", udp: "len" };
/** Their checksum is over the header alone. */
const overHeader = new Set(["ipv4"]);

/** What wrong checksums should be, by layer; not of fragments, cut packets and UDP without one. */
export function wrongChecksums(layers: readonly LocatedLayer[], packet: Uint8Array): Map<number, string> {
	const wrong = new Map<number, string>();
	const enclosing = layers.map(({ name, fields }) => ({ name, values: valuesOf(fields) }));
	let partial = false;
	for (const [index, layer] of layers.entries()) {
		const values = enclosing[index]?.values ?? {};
		partial ||= isCut(layer, values);
		const hidden = partial && !overHeader.has(layer.name);
		const should = hidden ? undefined : computed(layer, values);
		if (should !== undefined && should !== values.check) wrong.set(index, String(should));
		partial ||= isFragment(values);
	}
	return wrong;

	function computed(layer: LocatedLayer, values: Readonly<Record<string, unknown>>): unknown {
		const kind = layerKind(layer.name);
		const { check, trailer: _, ...others } = values;
		if (!kind || check === undefined || (layer.name === "udp" && check === "0x0000")) return undefined;
		const index = layers.indexOf(layer);
		const inner = packet.subarray(layer.offset + layer.header, layer.end);
		const outer = enclosing.slice(0, index);
		const around = { place: { file: "", pointer: "" }, inner, next: layers[index + 1]?.name, outer };
		try {
			const header = kind.build(others, around);
			return kind.read(concat(header, inner), outer)?.fields.check?.value;
		} catch (error) {
			if (error instanceof InputError) return undefined;
			throw error;
		}
	}
}

function isCut(
	{ name, offset, header, end }: LocatedLayer,
	values: Readonly<Record<string, unknown>>,
): boolean {
	const field = lengths[name];
	if (field === undefined) return false;
	const start = name === "ipv6" ? offset + header : offset;
	return Number(values[field]) !== end - start;
}

/** Of IPv4, or an IPv6 fragment header. */
function isFragment({ flags, frag_off }: Readonly<Record<string, unknown>>): boolean {
	return frag_off !== undefined && ((Array.isArray(flags) && flags.includes("mf")) || Number(frag_off) > 0);
}
