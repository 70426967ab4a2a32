// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { binaryProblem } from "./binary.js";

/** The header of a 64-bit little-endian file without sections. */
function header(type: number, machine: number, changes: Record<number, number> = {}): Uint8Array {
	const bytes = new Uint8Array(64);
	bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
	bytes[16] = type;
	bytes[18] = machine;
	for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
	return bytes;
}

it.each([
	["an executable", header(2, 62), "x86_64"],
	["a shared library", header(3, 183), "aarch64"],
	["a 32-bit program of the kernel", header(2, 3, { 4: 1 }), "x86_64"],
	["of a kernel that nothing is known of", header(2, 8), "mips64"],
])("%s is taken", (_, bytes, arch) => {
	expect(binaryProblem(bytes, arch)).toBeUndefined();
});

it.each([
	[new Uint8Array(), "is not an ELF file: it is empty"],
	[Buffer.from("#!/bin/sh"), "is not an ELF file: it begins with 23 21 2f 62"],
	[header(2, 62).subarray(0, 40), "is cut short: its header has 40 bytes of 64"],
	[header(2, 183), "is for AArch64, and the kernel for x86_64"],
	[header(2, 222), "is for machine 222, and the kernel for x86_64"],
	[header(1, 62), "is neither an executable nor a shared library"],
	[
		header(2, 62, { 40: 128, 58: 64, 60: 2 }),
		"is cut short: its section headers end at 0x100, and it has 0x40 bytes",
	],
])("what no process can run is refused: %#", (bytes, problem) => {
	expect(binaryProblem(bytes, "x86_64")).toBe(problem);
});
