// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { build } from "./build.js";
import { equalBytes } from "./bytes.js";
import { diffPackets, maskedEqual } from "./diff.js";
import type { Layers } from "./layers.js";
import { Random } from "./random.js";
import { randomLayers } from "./testpackets.js";

const addresses = { src: "10.0.0.1", dst: "10.0.0.2" };
const packet = (ipv4: object, payload = "01020304", tcp = {}): Uint8Array =>
	build([{ eth: {} }, { ipv4: { ...addresses, ...ipv4 } }, { tcp }, { payload }]);

describe("differences", () => {
	it("equal packets have no differences", () => {
		expect(diffPackets(packet({}), packet({}))).toEqual([]);
	});

	it("name layer and field, with both values and the offset", () => {
		expect(diffPackets(packet({ check: "0x1234" }), packet({ ttl: 63, check: "0x1234" }))).toEqual([
			{ layer: 1, kind: "ipv4", field: "ttl", expected: 64, actual: 63, offset: 22 },
		]);
	});

	it("show a checksum that was not updated", () => {
		const fields = diffPackets(packet({ ttl: 63 }), packet({ ttl: 63, check: "0x66cd" })).map(
			({ field }) => field,
		);
		expect(fields).toEqual(["check"]);
	});

	it("lead into options", () => {
		const differences = diffPackets(
			packet({}, "", { check: 0, options: [{ mss: 1460 }] }),
			packet({}, "", { check: 0, options: [{ mss: 1400 }] }),
		);
		expect(differences).toEqual([
			{ layer: 2, kind: "tcp", field: "options/0/mss", expected: 1460, actual: 1400, offset: 54 },
		]);
	});

	it("point at the first byte of a payload that differs", () => {
		const tcp = { check: 0 };
		expect(diffPackets(packet({}, "0102030405060708", tcp), packet({}, "010203040506ff08", tcp))).toEqual([
			{
				layer: 3,
				kind: "payload",
				field: "payload",
				expected: "…03040506 0708 (8 bytes)",
				actual: "…03040506 ff08 (8 bytes)",
				offset: 60,
			},
		]);
	});

	it("show a layer that was put in or taken out", () => {
		const plain = build([{ eth: { proto: "802.1q" } }, { ipv4: {} }]);
		const tagged = build([{ eth: {} }, { vlan: { id: 7 } }, { ipv4: {} }]);
		expect(diffPackets(build([{ eth: {} }, { ipv4: {} }]), tagged)).toEqual([
			{ layer: 0, kind: "eth", field: "proto", expected: "ipv4", actual: "802.1q", offset: 12 },
			{ layer: 1, kind: "vlan", field: "", expected: undefined, actual: "00070800", offset: 14 },
		]);
		expect(diffPackets(tagged, build([{ eth: {} }, { ipv4: {} }]))[1]).toMatchObject({
			kind: "vlan",
			expected: "00070800",
			actual: undefined,
		});
		expect(diffPackets(plain, tagged)).not.toEqual([]);
	});

	it("are there whenever the bytes differ, for any two packets", () => {
		const random = new Random(3);
		for (let round = 0; round < 1000; round++) {
			const { layers, ethernet } = randomLayers(random);
			const before = build(layers);
			const after = Uint8Array.from(before);
			after[random.below(after.length)]! ^= 1 << random.below(8);
			const linkType = ethernet ? "ethernet" : "raw";
			expect(diffPackets(before, after, { linkType }).length).toBeGreaterThan(0);
			const other = build(randomLayers(random).layers);
			expect(diffPackets(before, other, { linkType }).length > 0).toBe(!equalBytes(before, other));
		}
	});
});

describe("a mask", () => {
	const layers: Layers = [{ eth: {} }, { ipv4: addresses }];
	it("leaves out the bits that it does not have", () => {
		const [a, b] = [packet({ id: 1, check: 0 }), packet({ id: 2, ttl: 3, check: 0 })];
		const mask = new Uint8Array(34).fill(0xff).fill(0, 18, 20);
		expect(diffPackets(a, b, { mask }).map(({ field }) => field)).toEqual(["ttl"]);
		expect(maskedEqual(a, b, mask)).toBe(false);
		mask[22] = 0;
		expect(diffPackets(a, b, { mask })).toEqual([]);
		expect(maskedEqual(a, b, mask)).toBe(true);
	});

	it("never makes packets of different lengths equal", () => {
		expect(maskedEqual(build(layers), build([...layers, { payload: "00" }]), new Uint8Array(99))).toBe(false);
	});
});
