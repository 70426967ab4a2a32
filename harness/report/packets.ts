// SPDX-License-Identifier: Apache-2.0

import type { PacketStep } from "../base/packet-record.js";
import type { CaseResult } from "../base/results.js";
import { equalBytes, fromHex } from "../data/packet/bytes.js";
import { packetsOf } from "./captures.js";
import type { Medium } from "./medium.js";
import { packetDiff } from "./packet-diff.js";

/** Failures whose packets a report shows side by side; the captures have all. */
export const maxDiffs = 3;

/** The packets of a failed vector side by side. */
export interface Diff {
	/** `packet 2 (frame 12) on 6.12`, with what the expected packet was made of. */
	title: string;
	lines: string[];
}

/** A failed vector's first packet that is not as expected; undefined when none is. */
export function diffOf(result: CaseResult, medium: Medium): Diff | undefined {
	const packets = packetsOf(result);
	for (const step of packets?.steps ?? []) {
		const [expected, actual] = [bytesOf(step.expected), bytesOf(step.actual)];
		if (!expected || !actual || equalBytes(expected, actual)) continue;
		const title = `${nameOf(step, packets?.total ?? 1)} on ${result.kernel}${notes[step.expected_from ?? "exact"]}`;
		return { title, lines: packetDiff(expected, actual, step.link, medium) };
	}
	return undefined;
}

/** Whether there is a packet to be shown. */
export function differs(result: CaseResult): boolean {
	return (packetsOf(result)?.steps ?? []).some(
		({ expected, actual }) => expected !== undefined && actual !== undefined && expected.hex !== actual.hex,
	);
}

function nameOf({ number, frame }: PacketStep, total: number): string {
	return `${total > 1 ? `packet ${number}` : "the packet"}${frame === undefined ? "" : ` (frame ${frame})`}`;
}

function bytesOf(bytes: PacketStep["input"]): Uint8Array | undefined {
	return bytes && fromHex(bytes.hex);
}

const notes: Record<NonNullable<PacketStep["expected_from"]>, string> = {
	exact: "",
	mask: "; what the mask leaves out is taken from the actual packet",
	fields: "; what is not expected of it is taken from the actual packet",
};
