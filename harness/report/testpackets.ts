// SPDX-License-Identifier: Apache-2.0

import type { EvidentBytes, PacketEvidence, PacketStep } from "../base/packet-record.js";
import type { CaseResult } from "../base/results.js";
import { build } from "../data/packet/build.js";
import { toHex } from "../data/packet/bytes.js";
import type { Layers } from "../data/packet/layers.js";

export const udpPacket = (ipv4: object = {}, payload = "hello"): Uint8Array =>
	build([{ eth: {} }, { ipv4 }, { udp: {} }, { payload: { text: payload } }] as Layers);

export const evident = (bytes: Uint8Array): EvidentBytes => ({ hex: toHex(bytes), length: bytes.length });

/** A packet whose TTL was not decremented. */
export function stepOf(number = 1, more: Partial<PacketStep> = {}): PacketStep {
	return {
		number,
		link: "ethernet",
		retval: { actual: "XDP_PASS", expected: "XDP_PASS" },
		input: evident(udpPacket()),
		actual: evident(udpPacket()),
		expected: evident(udpPacket({ ttl: 63 })),
		expected_from: "exact",
		mismatches: ["ipv4.ttl: expected 63, got 64"],
		...more,
	};
}

/** A vector that failed with these packets. */
export function failure(
	name: string,
	packets: Partial<PacketEvidence> = {},
	more: Partial<CaseResult> = {},
): CaseResult {
	const { steps = [stepOf()], total = steps.length, after = [] } = packets;
	return {
		package: "router",
		kernel: "6.12",
		check: "vectors",
		case: name,
		outcome: "fail",
		reason: { code: "vector-mismatch", message: "ipv4.ttl: expected 63, got 64", hint: `see ${name}` },
		duration_ms: 1,
		evidence: { packets: { total, steps, after } },
		...more,
	};
}
