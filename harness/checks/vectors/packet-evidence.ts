// SPDX-License-Identifier: Apache-2.0

import type { EvidentBytes, PacketEvidence, PacketStep } from "../../base/packet-record.js";
import { retvalName } from "../../base/retval.js";
import { toHex } from "../../data/packet/bytes.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import { wantedPacket } from "../../data/vectors/wanted-packet.js";
import type { Judgement } from "../../lab/subject/session/judgement.js";

/** Most bytes of one packet, and of all packets of a case, that the evidence holds. */
const maxPacket = 0x10000;
const maxPackets = 0x40000;
/** Most mismatches of one packet. */
const maxMismatches = 20;

/** A failed vector's input, output and expected output; if too much, mismatches come first. */
export function packetEvidence(vector: PreparedVector, { steps, after }: Judgement): PacketEvidence {
	const wrong = [...steps.keys()].filter((index) => steps[index]?.mismatches.length);
	const kept = new Map<number, PacketStep>();
	let left = maxPackets;
	for (const index of new Set([...wrong, ...steps.keys()])) {
		const step = stepEvidence(vector, steps, index);
		if (!step) continue;
		for (const bytes of [step.input, step.actual, step.expected]) left -= (bytes?.hex.length ?? 0) / 2;
		if (left < 0 && kept.size > 0) break;
		kept.set(index, step);
	}
	return {
		total: vector.steps.length,
		steps: [...kept].sort(([a], [b]) => a - b).map(([, step]) => step),
		after: after.slice(0, maxMismatches),
	};
}

function stepEvidence(
	{ subject: { type }, steps }: PreparedVector,
	judged: Judgement["steps"],
	index: number,
): PacketStep | undefined {
	const [step, done] = [steps[index], judged[index]];
	if (!step || !done) return undefined;
	const { packet, linkType = "ethernet", frame, expected, expectedPacket } = step;
	const { output, mismatches } = done;
	const wanted =
		packet && output.packet && expectedPacket
			? wantedPacket(expectedPacket, packet, output.packet)
			: undefined;
	return {
		number: index + 1,
		...(frame === undefined ? {} : { frame }),
		link: linkType,
		retval: {
			actual: retvalName(type, output.retval),
			...(expected.retval === undefined ? {} : { expected: retvalName(type, expected.retval) }),
		},
		...(packet ? { input: bytesOf(packet) } : {}),
		...(output.packet ? { actual: bytesOf(output.packet) } : {}),
		...(wanted ? { expected: bytesOf(wanted.bytes), expected_from: wanted.from } : {}),
		mismatches: mismatches.slice(0, maxMismatches),
	};
}

function bytesOf(bytes: Uint8Array): EvidentBytes {
	return { hex: toHex(bytes.subarray(0, maxPacket)), length: bytes.length };
}
