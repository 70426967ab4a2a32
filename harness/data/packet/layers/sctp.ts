// SPDX-License-Identifier: Apache-2.0

import { Type } from "@sinclair/typebox";
import { within } from "../../../base/errors.js";
import { concat } from "../bytes.js";
import { crc32c } from "../checksum.js";
import { hexadecimal, named, uint } from "../field.js";
import { type Codec, content, type Form, items, record, recordValue } from "../items.js";
import { decoded, type LayerKind, optional, schemasOf } from "../layer.js";
import { Layout } from "../layout.js";

const layout = new Layout({
	sport: uint(16, "source port", 49152),
	dport: uint(16, "destination port", 9),
	vtag: hexadecimal(32, "verification tag", "0x00000000"),
	check: hexadecimal(32, "CRC32c over the whole packet, its first byte first"),
});

/** RFC 9260 3.2. */
const chunkTypes = {
	data: 0,
	init: 1,
	"init-ack": 2,
	sack: 3,
	heartbeat: 4,
	"heartbeat-ack": 5,
	abort: 6,
	shutdown: 7,
	"shutdown-ack": 8,
	error: 9,
	"cookie-echo": 10,
	"cookie-ack": 11,
	"shutdown-complete": 14,
};
const chunkHeader = new Layout({
	type: named(chunkTypes, uint(8, "chunk type", chunkTypes.data)),
	flags: hexadecimal(8, "flags; of data 1: end, 2: beginning, 4: unordered", "0x00"),
	length: uint(16, "bytes of the chunk without padding"),
});

const data = record(
	new Layout({
		tsn: uint(32, "transmission sequence number", 0),
		stream: uint(16, "stream identifier", 0),
		seq: uint(16, "stream sequence number", 0),
		ppid: uint(32, "payload protocol identifier", 0),
	}),
	{ name: "data", codec: content },
);
const init = record(
	new Layout({
		tag: hexadecimal(32, "initiate tag", "0x00000001"),
		a_rwnd: uint(32, "advertised receiver window credit", 65535),
		outbound: uint(16, "outbound streams", 1),
		inbound: uint(16, "inbound streams", 1),
		tsn: uint(32, "initial TSN", 0),
	}),
	{ name: "parameters", codec: content },
);

const padding = (size: number) => new Uint8Array((4 - (size % 4)) % 4);

/** Chunk of one type: `flags`, `length`, and the value that `codec` has under `key`. */
function chunk(type: string | undefined, key: string, codec: Codec): Form {
	const { type: anyType, ...rest } = chunkHeader.fields;
	const header = type === undefined ? { type: anyType, ...rest } : rest;
	const names = [...Object.keys(header), key];
	const schemas = Object.entries(header).map(([name, { schema }]) => [name, Type.Optional(schema)] as const);
	const schema = Object.fromEntries([...schemas, [key, Type.Optional(codec.schema)]]);
	return {
		schema: Type.Object(schema, { additionalProperties: false }),
		encode(value, place) {
			const { [key]: body, ...given } = recordValue(value, names, place);
			const bytes =
				body === undefined && codec === content
					? new Uint8Array()
					: codec.encode(body ?? {}, within(place, key));
			const length = Math.min(chunkHeader.size + bytes.length, 0xffff);
			const whole = concat(
				chunkHeader.write(type === undefined ? given : { ...given, type }, place, { length }),
				bytes,
			);
			return concat(whole, padding(whole.length));
		},
		decode(bytes) {
			if (bytes.length < chunkHeader.size) return undefined;
			const { type: found, length, ...given } = chunkHeader.read(bytes);
			const size = Number(length);
			const padded = size + padding(size).length;
			if (size < chunkHeader.size || padded > bytes.length || (type !== undefined && found !== type))
				return undefined;
			const body = codec.decode(bytes.subarray(chunkHeader.size, size));
			if (body === undefined) return undefined;
			const head = type === undefined ? { type: found, ...given } : given;
			return { value: size > chunkHeader.size ? { ...head, [key]: body } : head, size: padded };
		},
	};
}

const chunks = items(
	{
		data: chunk("data", "message", data),
		init: chunk("init", "message", init),
		init_ack: chunk("init-ack", "message", init),
		chunk: chunk(undefined, "value", content),
	},
	"chunks (RFC 9260 3.2), each padded with zeros to whole words",
	() => new Uint8Array(),
);

export const sctp: LayerKind = {
	description: "SCTP packet (RFC 9260)",
	fields: { ...schemasOf(layout), chunks: chunks.schema },
	build(values, { place, inner }) {
		const list = optional(chunks, values, "chunks", place);
		const packet = concat(layout.write(values, place), list);
		if (values.check === undefined) new DataView(packet.buffer).setUint32(8, crc32c(packet, inner), true);
		return packet;
	},
	read(bytes) {
		if (bytes.length < layout.size) return undefined;
		const fields = layout.locate(bytes);
		const size = bytes.length - layout.size;
		if (size > 0) fields.chunks = decoded(chunks, bytes, layout.size);
		return { fields, header: bytes.length };
	},
};
