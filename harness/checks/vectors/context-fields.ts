// SPDX-License-Identifier: Apache-2.0
import { listing } from "../../base/listing.js";
import { type ContextStruct, contextStruct, decodeContext } from "../../data/vectors/context.js";
import type { PreparedStep, PreparedVector } from "../../data/vectors/suite.js";
import { runArgs } from "../../lab/subject/session/run-args.js";
import type { VectorSession } from "../../lab/subject/session/vector-session.js";

/** Which fields of a context a kernel's test runs accept. */
export interface ContextFields {
	struct: string;
	/** Fields that the vector sets and the kernel refuses: `ifindex (4711)`. */
	refused: string[];
	/** Fields that the kernel accepts with the value 1. */
	accepted: string[];
}

/** Asks the kernel field by field; undefined when it refuses none that the vector sets. */
export async function contextFields(
	vector: PreparedVector,
	step: PreparedStep,
	session: VectorSession,
): Promise<ContextFields | undefined> {
	const { type, program } = vector.subject;
	const struct = contextStruct(type);
	const { context } = step;
	if (!struct || !context) return undefined;
	const takes = async (bytes: Uint8Array) =>
		(await session.probe(program.name, runArgs(vector, { ...step, context: bytes }))).errno === 0;
	if (!(await takes(new Uint8Array(struct.size)))) return undefined;
	const written = decodeContext(struct, context);
	const refused: string[] = [];
	const accepted: string[] = [];
	for (const { name, offset, end } of extents(struct)) {
		// bpfgate itself sets where an XDP packet begins and ends.
		if (type === "xdp" && name.startsWith("data")) continue;
		const own = new Uint8Array(struct.size);
		own.set(context.subarray(offset, end), offset);
		if (own.some((byte) => byte !== 0) && !(await takes(own)))
			refused.push(`${name} (${[written[name]].flat().join(", ")})`);
		const one = new Uint8Array(struct.size);
		one[offset] = 1;
		if (await takes(one)) accepted.push(name);
	}
	return refused.length > 0 ? { struct: struct.name, refused, accepted } : undefined;
}

/** Each field with the bytes up to the next. */
const extents = ({ fields, size }: ContextStruct) =>
	fields.map(({ name, offset }, index) => ({ name, offset, end: fields[index + 1]?.offset ?? size }));

/** `it refuses ifindex (4711) of struct __sk_buff, and accepts mark, priority and cb`. */
export const contextSentence = ({ struct, refused, accepted }: ContextFields): string =>
	`it refuses ${listing(refused)} of ${struct}, and accepts ${accepted.length > 0 ? listing(accepted) : "no field"}`;
