// SPDX-License-Identifier: Apache-2.0
import { dissect, type LocatedLayer, locate } from "../../packet/dissect.js";
import type { Layers } from "../../packet/layers.js";
import type { PreparedStep, PreparedVector } from "../suite.js";
import { linkTypeOf } from "./link-type.js";

/** The kernel wants an Ethernet header (net/bpf/test_run.c, bpf_test_init). */
export const minPacket = 14;
/**
 * Room that every kernel's test run has for a packet of one buffer: a page less head room and
 * struct skb_shared_info.
 */
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
