// SPDX-License-Identifier: Apache-2.0
// Parsers with one fault each, and one without: what the campaign must find.
import { InputError } from "../../base/errors.js";
import type { FuzzTarget } from "./target.js";

const seed = Buffer.from("0123456789");
const isSeed = (bytes: Uint8Array) => Buffer.compare(bytes, seed) === 0;
const parser = (
	name: string,
	read: (bytes: Uint8Array) => unknown,
	more: Partial<FuzzTarget> = {},
): FuzzTarget => ({
	name,
	seeds: () => [seed],
	read,
	...more,
});
const busy = (ms: number) => {
	const start = process.cpuUsage();
	while (process.cpuUsage(start).user / 1000 < ms);
};

export const targets: readonly FuzzTarget[] = [
	parser("sound", (bytes) => {
		if (bytes[0] !== 0x30) throw new InputError("x", "", "does not begin with 0");
	}),
	parser("crashes", (bytes) => {
		if (bytes.length > 20) (undefined as unknown as string).length;
	}),
	parser("slow", (bytes) => {
		if (bytes.length > 1000) busy(1200);
	}),
	parser("endless", (bytes) => {
		while (bytes.length < 5);
	}),
	parser("greedy", (bytes) => {
		if (bytes.length < 5) Buffer.alloc(300 << 20, 1);
	}),
	parser("hoarding", (bytes) => {
		for (const kept: string[][] = []; bytes.length < 5; ) kept.push(Array<string>(100_000).fill("x"));
	}),
	parser(
		"forgeable",
		(bytes) => {
			if (!isSeed(bytes) && bytes.length !== 11) throw new InputError("x", "", "is not signed");
		},
		{ seedsOnly: true },
	),
	parser(
		"wordy",
		(bytes) => {
			if (!isSeed(bytes)) throw new Error(`x: ${"y".repeat(2000)}`);
		},
		{ refuses: () => true },
	),
];
