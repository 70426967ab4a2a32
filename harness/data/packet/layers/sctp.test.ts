// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "../build.js";
import { crc32c } from "../checksum.js";
import { hexOf, readBack } from "../testlayers.js";

const message = { tsn: 1, stream: 2, seq: 3, ppid: 4, data: "0a0b0c" };

it("has chunks padded to whole words", () => {
	const sctp = { sport: 1, dport: 2, vtag: "0x00000003", chunks: [{ data: { flags: "0x03", message } }] };
	expect(hexOf({ sctp })).toMatch(/^0001000200000003.{8}00030013000000010002000300000004(0a0b0c)00$/);
	expect(readBack([{ ipv4: {} }, { sctp }], "raw")).toEqual([{ ipv4: {} }, { sctp }]);
});

it("has a CRC32c over the packet with a checksum of zero", () => {
	const bytes = build([{ sctp: { chunks: [{ chunk: { type: "heartbeat", value: "00010004" } }] } }]);
	const checksum = new DataView(bytes.buffer).getUint32(8, true);
	bytes.fill(0, 8, 12);
	expect(crc32c(bytes)).toBe(checksum);
});

it.each([
	[
		"an INIT",
		[{ init: { flags: "0x00", message: { tag: "0x00000009", a_rwnd: 1, outbound: 2, inbound: 3, tsn: 4 } } }],
	],
	["an unknown chunk", [{ chunk: { type: 200, flags: "0xff", value: "01" } }]],
	["a chunk without a value", [{ chunk: { type: "cookie-ack", flags: "0x00" } }]],
	["a chunk that is cut", [{ raw: "0003ffff00000001" }]],
	["padding that is not zero", [{ raw: "05000005aabbccdd" }]],
])("keeps %s", (_, chunks) => {
	expect(readBack([{ ipv6: {} }, { sctp: { chunks } }], "raw")).toEqual([{ ipv6: {} }, { sctp: { chunks } }]);
});
