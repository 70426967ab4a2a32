// SPDX-License-Identifier: Apache-2.0
import { stringify } from "yaml";
import { build } from "../../packet/build.js";
import { concat, equalBytes, toHex } from "../../packet/bytes.js";
import { dissect } from "../../packet/dissect.js";
import { contextStruct, decodeContext, encodeContext } from "../context.js";
import type { Packet, Vector } from "../schema.js";
import type { PreparedStep, PreparedVector } from "../suite.js";
import { linkTypeOf } from "./step-facts.js";

/** A vector without its name, as a file has it. */
export type Written = Omit<Vector, "name">;

/** The same vector with everything that its file says for all vectors as its own. */
export function selfContained(vector: PreparedVector): PreparedVector {
	const { defaults, vector: own } = vector.written;
	const { rodata, volatile, maps_before } = own;
	const whole: Vector = {
		name: own.name,
		object: vector.subject.object.file,
		program: vector.subject.program.name,
		rodata: { ...defaults.rodata, ...rodata },
		volatile: [...(defaults.volatile ?? []), ...(volatile ?? [])],
		maps_before: { ...defaults.maps_before, ...maps_before },
	};
	return { ...vector, written: { defaults: { vectors: [] }, vector: whole } };
}

/** What a file has to say so that a vector gives a program the same; nothing is expected of it. */
export function writtenVector(vector: PreparedVector): Written {
	const { written, steps, cpu } = selfContained(vector);
	const { object, program, rodata, volatile, maps_before } = written.vector;
	const packets = steps.map((step) => writtenStep(vector, step));
	const [only] = packets;
	const some = <K extends string>(key: K, value: object | undefined) =>
		value && Object.keys(value).length > 0 ? { [key]: value } : {};
	return {
		...(object === undefined ? {} : { object }),
		...(program === undefined ? {} : { program }),
		...some("rodata", rodata),
		...some("maps_before", maps_before),
		...some("volatile", volatile),
		...(cpu === undefined ? {} : { cpu }),
		...(packets.length === 1 && only ? only : { sequence: packets }),
	};
}

const NF_INET_LOCAL_OUT = 3;

function writtenStep({ subject }: PreparedVector, step: PreparedStep) {
	const { packet, metadata, context } = step;
	const struct = contextStruct(subject.type);
	const onWayOut = subject.type === "netfilter" && context?.[0] === NF_INET_LOCAL_OUT;
	return {
		...(packet ? { packet: writtenPacket(onWayOut ? withEthernet(packet) : packet) } : {}),
		...(metadata.length > 0 ? { metadata: toHex(metadata) } : {}),
		...(context ? { context: writtenContext(struct, context) } : {}),
	};
}

function writtenContext(
	struct: ReturnType<typeof contextStruct>,
	context: Uint8Array,
): Record<string, unknown> {
	const hex = { hex: toHex(context) };
	if (!struct || context.length > struct.size) return hex;
	const isSet = (value: unknown) => [value].flat().some((each) => !/^(0|0\.0\.0\.0|::)$/.test(String(each)));
	const fields = Object.fromEntries(
		Object.entries(decodeContext(struct, context)).filter(([, value]) => isSet(value)),
	);
	// Nothing at all would be read as no context.
	if (Object.keys(fields).length === 0) return hex;
	const encoded = encodeContext(struct, fields, { file: "context", pointer: "" });
	return equalBytes(encoded.subarray(0, context.length), context) ? fields : hex;
}

/** Layers where they say more than digits, and are the same bytes. */
function writtenPacket(packet: Uint8Array): Packet {
	const layers = dissect(packet, linkTypeOf("", packet));
	return layers.length > 1 && equalBytes(build(layers), packet) ? { layers } : { hex: toHex(packet) };
}

/** Packets on their way out are written with the header that is taken off them. */
function withEthernet(packet: Uint8Array): Uint8Array {
	const ethertype = (packet[0] ?? 0) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00];
	return concat(new Uint8Array(12), Uint8Array.from(ethertype), packet);
}

export function vectorFile(description: string, vectors: readonly Vector[]): string {
	return stringify({ description, vectors }, { aliasDuplicateObjects: false, lineWidth: 0 });
}
