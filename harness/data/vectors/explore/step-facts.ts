// SPDX-License-Identifier: Apache-2.0
import { dissect, type LinkType, type LocatedLayer, locate } from "../../packet/dissect.js";
import type { Layers } from "../../packet/layers.js";
import type { PreparedStep, PreparedVector } from "../suite.js";

/** The kernel wants an Ethernet header (net/bpf/test_run.c, bpf_test_init). */
export const minPacket = 14;
/** Room of a one-buffer packet everywhere: a page less head room and skb_shared_info. */
export const maxGrown = 3000;

/** The packet of a step, read once. */
export interface StepFacts {
	bytes: Uint8Array;
	layers: Layers;
	/** As many as `layers`. */
	located: LocatedLayer[];
}

/** Undefined for a step without a packet. */
export function stepFacts({ subject }: PreparedVector, { packet }: PreparedStep): StepFacts | undefined {
	if (!packet) return undefined;
	const linkType = linkTypeOf(subject.type, packet);
	return { bytes: packet, layers: dissect(packet, linkType), located: locate(packet, linkType) };
}

/** What a packet begins with: IP only for netfilter programs on the way out. */
export function linkTypeOf(programType: string, packet: Uint8Array): LinkType {
	if (programType !== "netfilter") return "ethernet";
	const ethertype = ((packet[12] ?? 0) << 8) | (packet[13] ?? 0);
	const version = (packet[0] ?? 0) >> 4;
	const isEthernet = ethertype === 0x0800 || ethertype === 0x86dd || ethertype === 0x8100;
	return !isEthernet && (version === 4 || version === 6) ? "raw" : "ethernet";
}
