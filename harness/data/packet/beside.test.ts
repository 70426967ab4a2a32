// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { beside } from "./beside.js";
import { build } from "./build.js";
import type { Layers } from "./layers.js";

const packet = (ipv4: Record<string, unknown>, payload: Layers[number] = { payload: "01020304" }): Layers => [
	{ eth: {} },
	{ ipv4 },
	{ udp: {} },
	payload,
];

describe("beside", () => {
	it("has nothing to show of packets that are the same", () => {
		expect(beside(build(packet({})), build(packet({})))).toEqual([]);
	});

	it("shows fields that differ with their neighbours, other layers in one line", () => {
		const lines = beside(build(packet({ ttl: 63 })), build(packet({ ttl: 64, check: 1 })));
		expect(lines).toEqual([
			expect.objectContaining({ kind: "layer", name: "eth", status: "same" }),
			expect.objectContaining({ kind: "layer", name: "ipv4", status: "changed" }),
			{ kind: "gap" },
			{ kind: "field", name: "frag_off", status: "same", expected: "0", actual: "0" },
			{ kind: "field", name: "ttl", status: "changed", expected: "63", actual: "64" },
			{ kind: "field", name: "protocol", status: "same", expected: "udp", actual: "udp" },
			{
				kind: "field",
				name: "check",
				status: "changed",
				expected: "0xf7c9",
				actual: "0x0001 wrong, should be 0xf6c9",
			},
			{ kind: "field", name: "src", status: "same", expected: "192.0.2.1", actual: "192.0.2.1" },
			{ kind: "gap" },
			expect.objectContaining({ name: "udp", status: "same", actual: "49152 > 9" }),
			expect.objectContaining({ name: "payload", status: "same", actual: "4 bytes" }),
		]);
	});

	it("shows a layer that one of them lacks, with its fields", () => {
		const [plain, tagged] = [
			build([{ eth: {} }, { ipv4: {} }]),
			build([{ eth: {} }, { vlan: { id: 7 } }, { ipv4: {} }]),
		];
		const vlan = (lines: ReturnType<typeof beside>) =>
			lines.filter(
				(line) =>
					line.kind !== "gap" &&
					line.kind !== "content" &&
					line.status !== "same" &&
					line.status !== "changed",
			);
		expect(vlan(beside(plain, tagged)).map((line) => Object.values(line))).toEqual([
			["layer", "vlan", "added", "id 7"],
			["field", "pcp", "added", "0"],
			["field", "flags", "added", "none"],
			["field", "id", "added", "7"],
			["field", "proto", "added", "ipv4"],
		]);
		expect(vlan(beside(tagged, plain)).map(({ kind, ...line }) => Object.values(line)[1])).toEqual(
			Array(5).fill("missing"),
		);
	});

	it("shows parts of options by their path", () => {
		const tcp = (mss: number): Layers => [{ eth: {} }, { ipv4: {} }, { tcp: { options: [{ mss }, "nop"] } }];
		const changed = beside(build(tcp(1460)), build(tcp(1400))).filter(
			(line) => line.kind === "field" && line.status === "changed",
		);
		expect(changed).toEqual([
			expect.objectContaining({ name: "check" }),
			{ kind: "field", name: "options/0/mss", status: "changed", expected: "1460", actual: "1400" },
		]);
	});

	it("gives payload and trailer as bytes", () => {
		const [one, other] = [
			build(packet({ trailer: "00" })),
			build(packet({ trailer: "0001" }, { payload: "01020305" })),
		];
		expect(beside(one, other).filter(({ kind }) => kind === "content")).toEqual([
			{ kind: "content", name: "trailer", expected: Uint8Array.of(0), actual: Uint8Array.of(0, 1) },
			{
				kind: "content",
				name: "payload",
				expected: Uint8Array.of(1, 2, 3, 4),
				actual: Uint8Array.of(1, 2, 3, 5),
			},
		]);
	});

	it("shows long values from shortly before they differ", () => {
		const sctp = (data: string): Layers => [
			{ eth: {} },
			{ ipv4: {} },
			{ sctp: { chunks: [{ data: { message: { data } } }] } },
		];
		const zeros = "00".repeat(300);
		const lines = beside(build(sctp(`${zeros}aa`)), build(sctp(`${zeros}bb`)));
		const field = lines.find((line) => line.kind === "field" && line.name.endsWith("data"));
		expect(field).toMatchObject({ expected: `…${"0".repeat(16)}aa`, actual: `…${"0".repeat(16)}bb` });
	});
});
