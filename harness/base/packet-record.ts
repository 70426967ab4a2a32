// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

const Bytes = Type.Object({
	hex: Type.String({ pattern: "^([0-9a-f]{2})*$" }),
	length: Type.Integer({
		minimum: 0,
		description: "original length in bytes; more than `hex` holds when it was cut",
	}),
});
export type EvidentBytes = Static<typeof Bytes>;

/** One packet of a vector: what went in, what came out, and what should have. */
export const PacketStep = Type.Object({
	number: Type.Integer({ minimum: 1, description: "position in the vector's sequence, from 1" }),
	frame: Type.Optional(Type.Integer({ minimum: 1, description: "number of the frame in its capture" })),
	link: Type.Unsafe<"ethernet" | "raw">({ type: "string", enum: ["ethernet", "raw"] }),
	retval: Type.Object({ actual: Type.String(), expected: Type.Optional(Type.String()) }),
	input: Type.Optional(Bytes),
	actual: Type.Optional(Bytes),
	expected: Type.Optional(Bytes),
	expected_from: Type.Optional(
		Type.Unsafe<"exact" | "mask" | "fields">({
			type: "string",
			enum: ["exact", "mask", "fields"],
			description: "`exact`: the whole packet was given; `mask`, `fields`: the rest is copied from `actual`",
		}),
	),
	mismatches: Type.Array(Type.String(), { description: "how this packet differs from what was expected" }),
});
export type PacketStep = Static<typeof PacketStep>;

/** Evidence `packets` of a vector that failed. */
export const PacketEvidence = Type.Object({
	total: Type.Integer({
		minimum: 1,
		description: "packets of the vector; more than `steps` holds when it was cut",
	}),
	steps: Type.Array(PacketStep),
	after: Type.Array(Type.String(), { description: "differences after all packets" }),
});
export type PacketEvidence = Static<typeof PacketEvidence>;
