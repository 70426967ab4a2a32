// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { Effort, TooManyVectors } from "./effort.js";

const place = { file: "v.yaml", pointer: "/vectors/7" };

describe("the vectors of a package", () => {
	it("have 100,000 cases and 200,000 packets, and not one more", () => {
		const effort = new Effort();
		effort.add(100_000, 200_000, place);
		expect(() => effort.add(1, 0, place)).toThrow("v.yaml: /vectors/7: makes more than 100000 cases");
		expect(() => new Effort().add(1, 200_001, place)).toThrow("makes more than 200000 packets");
	});

	it("may say four million values, those of all frames counted for each", () => {
		const effort = new Effort();
		const expect40 = { maps_after: { hits: Array.from({ length: 38 }, () => 1) } };
		for (let frame = 0; frame < 90_000; frame++) effort.read([expect40], place);
		expect(() => {
			for (let frame = 0; frame < 20_000; frame++) effort.read([expect40], place);
		}).toThrow(TooManyVectors);
	});

	it("count a text by its length, and what several share where it is used", () => {
		expect(() => new Effort().read(["x".repeat(64_000_001)], place)).toThrow(
			"makes more than 4000000 values",
		);
		const shared = Array.from({ length: 2_000_000 }, () => 1);
		new Effort().read([[shared]], place);
		expect(() => new Effort().read([[shared, shared]], place)).toThrow(TooManyVectors);
	});

	it("set constants of 16 GB together", () => {
		const effort = new Effort();
		for (let vector = 0; vector < 15_000; vector++) effort.constants(2 ** 20, place);
		expect(() => {
			for (let vector = 0; vector < 1000; vector++) effort.constants(2 ** 20, place);
		}).toThrow(TooManyVectors);
	});
});
