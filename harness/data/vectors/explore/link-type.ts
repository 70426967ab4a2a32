// SPDX-License-Identifier: Apache-2.0
import type { LinkType } from "../../packet/dissect.js";

/**
 * What a prepared packet begins with: only netfilter programs get some without an Ethernet header,
 * those on their way out. An Ethernet header would have to begin with an odd address of a group to
 * be taken for IP there.
 */
export function linkTypeOf(programType: string, packet: Uint8Array): LinkType {
	if (programType !== "netfilter") return "ethernet";
	const ethertype = ((packet[12] ?? 0) << 8) | (packet[13] ?? 0);
	const version = (packet[0] ?? 0) >> 4;
	const isEthernet = ethertype === 0x0800 || ethertype === 0x86dd || ethertype === 0x8100;
	return !isEthernet && (version === 4 || version === 6) ? "raw" : "ethernet";
}
