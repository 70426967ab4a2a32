// SPDX-License-Identifier: Apache-2.0
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { MapsBefore } from "../package/sections/maps-before.js";
import { Hex } from "../packet/content.js";
import { LayersRef, layersDefinition } from "../packet/layers.js";

const closed = { additionalProperties: false };

const named = <T extends TSchema>(schema: T, description: string) =>
	Type.Record(Type.String(), schema, { description });

export const Packet = Type.Object(
	{
		layers: Type.Optional(LayersRef),
		hex: Type.Optional(Hex),
		pcap: Type.Optional(
			Type.String({
				minLength: 1,
				description: "a capture beside this file, which the manifest names; needs `frame` or `frames`",
			}),
		),
		frame: Type.Optional(Type.Integer({ minimum: 1, description: "number in the capture, the first is 1" })),
		frames: Type.Optional(
			Type.Union([Type.String({ minLength: 1 }), Type.Integer()], {
				description:
					"a selection of frames, `1-3,7,20-`: in a vector each is a case of its own, in a sequence a packet of its own",
			}),
		),
	},
	{ ...closed, description: "what the program gets: `layers`, `hex`, or `pcap` with `frame` or `frames`" },
);
export type Packet = Static<typeof Packet>;

export const ExpectedPacket = Type.Union(
	[
		Type.Literal("unchanged"),
		Type.Object(
			{
				layers: Type.Optional(LayersRef),
				fields: Type.Optional(LayersRef),
				hex: Type.Optional(Hex),
				mask: Type.Optional(
					Type.String({
						pattern: "^([\\s:]*[0-9a-fA-F]{2})*[\\s:]*$",
						description:
							"of `hex` or `layers`: only bits that are 1 here are compared; bytes behind its end are compared whole",
					}),
				),
			},
			closed,
		),
	],
	{
		description:
			"`unchanged`, the whole packet (`layers` or `hex`), or `fields`: consecutive layers in it; only the given fields are compared, and checksums and lengths, which must be right",
	},
);
export type ExpectedPacket = Static<typeof ExpectedPacket>;

const Context = named(
	Type.Unknown(),
	"fields of the program's context by their names in linux/bpf.h: `ingress_ifindex`, `mark`",
);
const Rodata = named(
	Type.Unknown(),
	"constants by variable name, set before load, over those of the manifest",
);
const ExpectedEntry = Type.Object(
	{
		key: Type.Optional(Type.Unknown()),
		value: Type.Optional(Type.Unknown()),
		absent: Type.Optional(Type.Literal(true)),
	},
	closed,
);
export const ExpectedMap = Type.Union(
	[Type.Literal("unchanged"), Type.Array(ExpectedEntry), Type.Record(Type.String(), Type.Unknown())],
	{
		description:
			"`unchanged`, entries that must be there (a list, or an object of values by key; null: no such entry), or `exact` and all the entries there are; a number `+1` is relative to what was there before",
	},
);
export type ExpectedMap = Static<typeof ExpectedMap>;

export const ExpectedEvent = Type.Object(
	{
		type: Type.Optional(Type.String({ description: "a struct in the object's BTF; needs `value`" })),
		value: Type.Optional(Type.Unknown()),
		hex: Type.Optional(Hex),
		mask: Type.Optional(Hex),
	},
	closed,
);
export type ExpectedEvent = Static<typeof ExpectedEvent>;

const MapsAfter = named(ExpectedMap, "by map name");
const Events = named(
	Type.Array(ExpectedEvent),
	"all that a ring buffer or perf event array was sent, in order, by map name",
);

export const Expectation = Type.Object(
	{
		retval: Type.Optional(
			Type.Union(
				[Type.String({ minLength: 1 }), Type.Integer({ minimum: -0x80000000, maximum: 0xffffffff })],
				{
					description: "`XDP_DROP`, `TC_ACT_SHOT`, or a number",
				},
			),
		),
		packet: Type.Optional(ExpectedPacket),
		context: Type.Optional(Context),
		maps_after: Type.Optional(MapsAfter),
		events: Type.Optional(Events),
		length: Type.Optional(
			Type.Union([
				Type.Integer({ minimum: 0 }),
				Type.String({ pattern: "^[+-]\\d{1,5}$", description: "bytes more or less than went in" }),
			]),
		),
		metadata: Type.Optional(Hex),
	},
	closed,
);
export type Expectation = Static<typeof Expectation>;

const input = {
	packet: Type.Optional(Packet),
	metadata: Type.Optional(
		Type.Unsafe<string>({
			...Hex,
			description: "XDP metadata in front of the packet, whole words of 4 bytes",
		}),
	),
	context: Type.Optional(Context),
	repeat: Type.Optional(
		Type.Integer({ minimum: 1, maximum: 100_000, description: "times, on one and the same packet" }),
	),
};

const expected = {
	expect: Type.Optional(Expectation),
	each: Type.Optional(
		named(
			Expectation,
			"beside a packet of `frames`: what is expected of some of them, by selection (`1-3,7`), over what `expect` says of all",
		),
	),
};

export const Step = Type.Object({ ...input, ...expected }, closed);
export type Step = Static<typeof Step>;

const defaults = {
	object: Type.Optional(
		Type.String({ minLength: 1, description: "object file of the package; needed when it has several" }),
	),
	program: Type.Optional(Type.String({ minLength: 1, description: "needed when the object has several" })),
	rodata: Type.Optional(Rodata),
	maps_before: Type.Optional(MapsBefore),
	context: Type.Optional(Context),
	volatile: Type.Optional(
		Type.Array(Type.String({ minLength: 1 }), {
			maxItems: 256,
			description:
				"what may differ from run to run, as `maps/windows[0].started_ns`, `retval`, `packet`; `*` stands for any run of characters",
		}),
	),
};

export const Vector = Type.Object(
	{
		name: Type.String({
			pattern: "^[A-Za-z0-9][A-Za-z0-9._ -]{0,127}$",
			description: "its case is `<file without suffix>/<name>`",
		}),
		description: Type.Optional(Type.String()),
		...defaults,
		...input,
		sequence: Type.Optional(
			Type.Array(Step, {
				minItems: 1,
				maxItems: 10_000,
				description: "packets in one state, one after another",
			}),
		),
		cpu: Type.Optional(
			Type.Integer({ minimum: 0, maximum: 4095, description: "of a raw tracepoint program: where it runs" }),
		),
		...expected,
	},
	closed,
);
export type Vector = Static<typeof Vector>;

/** A vector file, JSON or YAML. */
export const VectorFile = Type.Object(
	{
		$schema: Type.Optional(Type.String()),
		description: Type.Optional(Type.String()),
		...defaults,
		vectors: Type.Array(Vector, { minItems: 1, maxItems: 100_000 }),
	},
	{ ...closed, definitions: layersDefinition },
);
export type VectorFile = Static<typeof VectorFile>;
