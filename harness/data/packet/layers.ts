// SPDX-License-Identifier: Apache-2.0
import { type TSchema, Type } from "@sinclair/typebox";
import { Content } from "./content.js";
import { type LayerKind, trailerSchema } from "./layer.js";
import { ah } from "./layers/ah.js";
import { arp } from "./layers/arp.js";
import { eth } from "./layers/eth.js";
import { fragment } from "./layers/fragment.js";
import { geneve } from "./layers/geneve.js";
import { gre } from "./layers/gre.js";
import { icmp } from "./layers/icmp.js";
import { icmpv6 } from "./layers/icmpv6.js";
import { ipv4 } from "./layers/ipv4.js";
import { ipv6 } from "./layers/ipv6.js";
import { dstopts, hopopts } from "./layers/options6.js";
import { routing } from "./layers/routing.js";
import { sctp } from "./layers/sctp.js";
import { tcp } from "./layers/tcp.js";
import { udp } from "./layers/udp.js";
import { vlan } from "./layers/vlan.js";
import { vxlan } from "./layers/vxlan.js";

const kinds = {
	eth,
	vlan,
	arp,
	ipv4,
	ipv6,
	hopopts,
	routing,
	fragment,
	dstopts,
	ah,
	tcp,
	udp,
	icmp,
	icmpv6,
	gre,
	vxlan,
	geneve,
	sctp,
};
export type HeaderName = keyof typeof kinds;

/** Every kind of layer that has a header, by the name that it has in files. */
export const layerKinds: Readonly<Record<HeaderName, LayerKind>> = kinds;

export function layerKind(name: string | undefined): LayerKind | undefined {
	return name !== undefined && Object.hasOwn(kinds, name) ? kinds[name as HeaderName] : undefined;
}

/** The names that the fields of a kind may have, `trailer` too where it has one. */
export function fieldNames(kind: LayerKind): string[] {
	return [...Object.keys(kind.fields), ...(kind.delimited ? ["trailer"] : [])];
}

/**
 * One layer: its kind and what is given of it. Addresses are `src` and `dst` and ports `sport` and
 * `dport` in every layer, as in ip(8), ss(8) and tc(8), where Linux' own structs differ from each
 * other (h_source, saddr, source); all other fields are called as in Linux' headers (tot_len,
 * ack_seq, hop_limit), or as in the RFC where Linux has no name.
 */
export type Layer =
	| { [K in HeaderName]: { readonly [P in K]: Readonly<Record<string, unknown>> } }[HeaderName]
	| { readonly payload: Content };

/** A packet, the outermost layer first. */
export type Layers = readonly Layer[];

/** More than any real packet has; what is nested deeper is not read. */
export const maxLayers = 32;

const closed = { additionalProperties: false };

function schemaOf(kind: LayerKind): TSchema {
	const properties: Record<string, TSchema> = kind.delimited
		? { ...kind.fields, trailer: trailerSchema }
		: kind.fields;
	const optional = Object.entries(properties).map(([name, schema]) => [name, Type.Optional(schema)]);
	return Type.Object(Object.fromEntries(optional), { ...closed, description: kind.description });
}

const layerProperties = Object.entries(layerKinds).map(([name, kind]) => [
	name,
	Type.Optional(schemaOf(kind)),
]);

const LayerSchema = Type.Unsafe<Layer>(
	Type.Object(
		{ ...Object.fromEntries(layerProperties), payload: Type.Optional(Content) },
		{
			...closed,
			minProperties: 1,
			maxProperties: 1,
			description: "one layer: an object of one key, its kind",
		},
	),
);

/** JSON Schema of a packet. */
export const LayersSchema = Type.Array(LayerSchema, {
	maxItems: maxLayers + 1,
	description:
		"the layers of a packet, the outermost first; checksums, lengths and protocols are computed unless given",
});

/**
 * Refers to the layers of a packet in a schema with `definitions: layersDefinition`. The code that
 * builds layers checks them: its messages say more than a schema's, and ajv compiles the schema a
 * second faster. The files for editors refer to vectors/packets.schema.json instead.
 */
export const LayersRef = Type.Unsafe<Layers>({ $ref: "#/definitions/layers" });
export const layersDefinition = { layers: { type: "array" } };
