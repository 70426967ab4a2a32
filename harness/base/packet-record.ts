// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

const Bytes = Type.Object({
	hex: Type.String({ pattern: "^([0-9a-f]{2})*$" }),
	length: Type.Integer({ minimum: 0, description: "bytes that it had; more than `hex` has when it was cut" }),
});
export type EvidentBytes = Static<typeof Bytes>;

/** One packet of a vector: what went in, what came out, and what should have. */
export const PacketStep = Type.Object({
	number: Type.Integer({ minimum: 1, description: "place in the vector's sequence" }),
	frame: Type.Optional(Type.Integer({ minimum: 1, description: "number in the capture that it is from" })),
	link: Type.Unsafe<"ethernet" | "raw">({ type: "string", enum: ["ethernet", "raw"] }),
	retval: Type.Object({ actual: Type.String(), expected: Type.Optional(Type.String()) }),
	input: Type.Optional(Bytes),
	actual: Type.Optional(Bytes),
	expected: Type.Optional(Bytes),
	expected_from: Type.Optional(
		Type.Unsafe<"exact" | "mask" | "fields">({
			type: "string",
			enum: ["exact", "mask", "fields"],
			description:
				"`exact`: the whole packet was given; `mask`, `fields`: what was not given is as in `actual`",
		}),
	),
	mismatches: Type.Array(Type.String(), { description: "what is not as expected of this packet" }),
});
export type PacketStep = Static<typeof PacketStep>;

/** Evidence `packets` of a vector that failed. */
export const PacketEvidence = Type.Object({
	total: Type.Integer({
		minimum: 1,
		description: "packets of the vector; more than `steps` has when it was cut",
	}),
	steps: Type.Array(PacketStep),
	after: Type.Array(Type.String(), { description: "what is not as expected after all packets" }),
});
export type PacketEvidence = Static<typeof PacketEvidence>;
