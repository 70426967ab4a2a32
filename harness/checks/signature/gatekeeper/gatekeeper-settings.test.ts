// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { parseDecision } from "./gatekeeper.js";
import { encodeSettings, offsets } from "./gatekeeper-settings.js";

describe("settings of a gatekeeper", () => {
	it("have the layout that the BPF programs read", () => {
		const bytes = encodeSettings(
			{
				pins: { major: 0, minor: 41 },
				keyrings: ["builtin", "user"],
				serials: [7, 8],
				trustedTgid: 1,
				trustedKeyring: -3,
			},
			true,
		);
		const view = new DataView(bytes.buffer);
		expect(bytes.length).toBe(48);
		expect(view.getUint32(0, true)).toBe(41);
		expect(view.getUint32(4, true)).toBe(0b1001);
		expect([view.getInt32(8, true), view.getInt32(12, true), view.getInt32(16, true)]).toEqual([7, 8, 0]);
		expect(view.getUint32(offsets.trustedTgid, true)).toBe(1);
		expect(view.getInt32(offsets.trustedKeyring, true)).toBe(-3);
	});

	it("encode a device number as the kernel does, in the guest's byte order", () => {
		const bytes = encodeSettings({ pins: { major: 8, minor: 1 } }, false);
		expect(Buffer.from(bytes.subarray(0, 4)).toString("hex")).toBe("00800001");
	});

	it("admit nothing by default", () => {
		expect(encodeSettings({}, true).every((byte) => byte === 0)).toBe(true);
	});

	it("hold eight serial numbers at most", () => {
		expect(() => encodeSettings({ serials: Array(9).fill(1) }, true)).toThrow(/8/);
	});
});

describe("a decision", () => {
	it("is read as the BPF programs write it", () => {
		const event = Buffer.alloc(32);
		for (const [index, value] of [5, 100, -1, 1, 4, 77, 0, 0].entries()) event.writeInt32LE(value, index * 4);
		expect(parseDecision(event, true)).toEqual({
			command: "prog_load",
			tgid: 100,
			admitted: false,
			verified: true,
			keyring_type: 4,
			keyring_serial: 77,
			by_program: false,
		});
	});

	it("of another size is refused", () => {
		expect(() => parseDecision(new Uint8Array(31), true)).toThrow(/32 bytes/);
	});
});
