// SPDX-License-Identifier: Apache-2.0
import { build } from "../packet/build.js";
import { fromHex } from "../packet/bytes.js";
import { withMask } from "../packet/diff.js";
import { withFields } from "../packet/match.js";
import type { ExpectedPacket } from "./schema.js";

/** A packet as it would have been right. */
export interface WantedPacket {
	bytes: Uint8Array;
	/** `exact`: all of it was given; else what was not given or compared is the actual packet's. */
	from: "exact" | "mask" | "fields";
}

/** What should have come out in place of `actual`, to look at; undefined when none can be made. */
export function wantedPacket(
	expect: ExpectedPacket,
	sent: Uint8Array,
	actual: Uint8Array,
): WantedPacket | undefined {
	if (expect === "unchanged") return { bytes: sent, from: "exact" };
	const { layers, fields, hex, mask } = expect;
	if (fields) {
		const bytes = withFields(fields, actual);
		return bytes && { bytes, from: "fields" };
	}
	const whole = layers ? build(layers) : (fromHex(hex ?? "") ?? new Uint8Array());
	const bits = mask === undefined ? undefined : fromHex(mask);
	return bits ? { bytes: withMask(whole, actual, bits), from: "mask" } : { bytes: whole, from: "exact" };
}
