// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { validator } from "../../base/validate.js";
import { build } from "./build.js";
import { equalBytes, toHex } from "./bytes.js";
import { dissect } from "./dissect.js";
import { type Layers, LayersSchema, layerKinds } from "./layers.js";
import { Random } from "./random.js";
import { randomLayers } from "./testpackets.js";

const count = 10_000;
const linkTypeOf = (ethernet: boolean) => (ethernet ? "ethernet" : "raw");

/** What of the packet is not the same when it is read and written again; undefined when all is. */
function rewritten(bytes: Uint8Array, ethernet: boolean): string | undefined {
	const layers = dissect(bytes, linkTypeOf(ethernet));
	const again = build(layers);
	return equalBytes(again, bytes)
		? undefined
		: `${toHex(bytes)} is ${JSON.stringify(layers)} is ${toHex(again)}`;
}

function mutated(random: Random, bytes: Uint8Array): Uint8Array {
	const changed = Uint8Array.from(bytes);
	for (let left = random.below(4); left > 0 && changed.length > 0; left--) {
		const at = random.below(changed.length);
		changed[at] = random.chance(50) ? random.below(256) : changed[at]! ^ (1 << random.below(8));
	}
	if (random.chance(40)) return changed.subarray(0, random.below(changed.length + 1));
	if (random.chance(20)) return Uint8Array.from([...changed, ...random.bytes(random.below(30))]);
	return changed;
}

describe(`${count} random packets`, () => {
	const random = new Random(20261121);
	const packets = Array.from({ length: count }, () => randomLayers(random));
	const kinds = (layers: Layers) => layers.map((layer) => Object.keys(layer)[0]!);

	it("have every kind of layer many times", () => {
		const seen = new Map<string, number>();
		for (const { layers } of packets)
			for (const kind of kinds(layers)) seen.set(kind, (seen.get(kind) ?? 0) + 1);
		expect([...seen.keys()].sort()).toEqual([...Object.keys(layerKinds), "payload"].sort());
		expect(Math.min(...seen.values())).toBeGreaterThan(100);
	});

	it("are as the schema says", () => {
		const { violation } = validator(LayersSchema);
		const found = packets.map(({ layers }) => violation(layers)).find((each) => each !== undefined);
		expect(found).toBeUndefined();
	});

	it("are the same when they are written and read", () => {
		for (const { layers, ethernet } of packets) {
			const read = dissect(build(layers), linkTypeOf(ethernet));
			if (!isDeepStrictEqual(read, layers)) expect(read).toEqual(layers);
		}
	});

	it("are read and written as the same bytes, changed or cut anywhere", () => {
		for (const { layers, ethernet } of packets)
			expect(rewritten(mutated(random, build(layers)), ethernet)).toBeUndefined();
	});
});

it("reads any bytes and writes them as the same", () => {
	const random = new Random(7);
	for (let round = 0; round < 2000; round++)
		expect(rewritten(random.bytes(random.below(100)), random.chance(50))).toBeUndefined();
});
