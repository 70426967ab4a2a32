// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

const Entry = Type.Object(
	{ key: Type.Optional(Type.Unknown()), value: Type.Unknown() },
	{ additionalProperties: false },
);
const Entries = Type.Union([Type.Array(Entry), Type.Record(Type.String(), Type.Unknown())], {
	description:
		"a list of `key` and `value`, or an object of values by key where a key can be written as text",
});

/** Entries of maps, by map name, as vectors and chains write them. */
export const MapsBefore = Type.Record(Type.String(), Entries, {
	description: "what is put into maps before the first packet, by map name",
});
export type MapsBefore = Static<typeof MapsBefore>;
