// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { MapFacts } from "../data/package/elf/maps.js";
import { mapBytes } from "../data/package/map-memory.js";
import type { Package } from "../data/package/package.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { kernelFor, memoryForMaps, tooLargeForHost } from "./guest-size.js";
import { splatFindings } from "./workbench.js";

const kernel = { id: "7.3" } as Kernel;

function map(type: string, max_entries: number, value_size = 8, more: Partial<MapFacts> = {}): MapFacts {
	return { name: "m", kind: "btf", type, key_size: 4, value_size, max_entries, flags: 0, ...more };
}

function withMaps(maps: MapFacts[], manifest = {}, settings = {}): Package {
	return { objects: [{ maps, settings }], guestFiles: [], manifest } as unknown as Package;
}

it("maps take what they allocate at once", () => {
	const bytes = (...maps: MapFacts[]) => mapBytes({ maps, settings: { file: "x" } });
	expect(bytes(map("array", 1000, 12))).toBe(16_000);
	expect(bytes(map("ringbuf", 1 << 20, 0))).toBe(2 << 20);
	expect(bytes(map("array", 1, 1 << 20, { kind: "data" }))).toBe(3 << 20);
	expect(bytes(map("hash", 1000))).toBeGreaterThan(bytes(map("hash", 1000, 8, { flags: 1 })));
	expect(bytes(map("arena", 1000))).toBe(0);
	const sized = { file: "x", maps: { m: { max_entries: "cpus" as const } } };
	expect(mapBytes({ maps: [map("array", 1000)], settings: sized })).toBe(8);
});

it("a guest has the memory that the maps need, in powers of two", () => {
	const big = withMaps([map("array", 24 * 1024 * 1024)]);
	expect(memoryForMaps([withMaps([map("array", 1)])])).toBe(256);
	expect(memoryForMaps([big])).toBe(512);
	expect(memoryForMaps([big, big])).toBe(1024);
	expect(kernelFor(kernel, withMaps([]))).toBe(kernel);
	expect(kernelFor(kernel, big).guest).toEqual({ memory: 512 });
});

it("the user's wish counts more than the manifest, and the manifest more than the estimate", () => {
	const big = withMaps([map("array", 24 * 1024 * 1024)], { guest: { memory: 300 } });
	expect(kernelFor(kernel, big).guest).toEqual({ memory: 300 });
	expect(kernelFor(kernel, big, [], { memory: 2048 }).guest).toEqual({ memory: 2048 });
});

it("what no guest of the host can hold is said with its numbers", () => {
	const huge = withMaps([map("array", 1024 * 1024 * 1024)]);
	expect(tooLargeForHost(huge, 4096)?.reason).toMatchObject({
		code: "host-too-small",
		message: "the maps take 8192 MiB: a guest for them needs 8352 MiB, and this host has 4096 MiB",
	});
	expect(tooLargeForHost(huge, 16_384)).toBeUndefined();
	expect(tooLargeForHost(withMaps([map("array", 1)]), 300)).toBeUndefined();
});

it("a panic of a guest that ran out of memory does not count against the package", () => {
	const splat = (kind: "panic" | "out-of-memory") => ({ kind, title: kind, text: "" });
	const outcomes = (kinds: ("panic" | "out-of-memory")[]) =>
		splatFindings(kinds.map(splat)).map(({ outcome }) => outcome);
	expect(outcomes(["out-of-memory", "panic"])).toEqual(["error", "error"]);
	expect(outcomes(["panic"])).toEqual(["fail"]);
});
