// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { QemuMemory, ramOffset, ramRanges, ramStart } from "./guest-memory.js";

const MiB = 2 ** 20;
const GiB = 2 ** 30;

it.each([
	[256 * MiB, 0, 4096, 0],
	[256 * MiB, 256 * MiB - 8, 8, 256 * MiB - 8],
	[256 * MiB, 256 * MiB - 8, 9, undefined],
	[256 * MiB, 4 * GiB, 8, undefined],
	[3 * GiB, 3 * GiB - 8, 8, 3 * GiB - 8],
	[4 * GiB, 3 * GiB - 8, 8, 3 * GiB - 8],
	[4 * GiB, 3 * GiB - 8, 16, undefined],
	[4 * GiB, 4 * GiB, 8, 3 * GiB],
	[4 * GiB, 5 * GiB - 8, 8, 4 * GiB - 8],
	[4 * GiB, 5 * GiB - 8, 16, undefined],
	[4 * GiB, -8, 8, undefined],
	[4 * GiB, 2 ** 60, 8, undefined],
])("in RAM of %i bytes, address %i with %i bytes is at %s", (size, address, length, expected) => {
	expect(ramOffset(ramRanges(size), address, length)).toBe(expected);
});

const maps = `55d0c0000000-55d0c0001000 r--p 00000000 fe:00 1  /usr/bin/qemu-system-x86_64
7f0000000000-7f0008000000 rwxp 00000000 00:00 0
7f9b3ffff000-7f9b47fff000 rw-p 00000000 fe:00 10092579                   /a folder/ram (deleted)
`;

it("finds RAM by its size", () => {
	expect(ramStart(maps, 128 * MiB)).toBe(0x7f9b3ffff000);
	expect(() => ramStart(maps, 64 * MiB)).toThrow("QEMU has 0 mappings of 67108864 bytes, not 1");
});

it("says why a process cannot be read", async () => {
	const gone = spawn("true");
	await once(gone, "exit");
	expect(() => new QemuMemory(gone.pid!, 128 * MiB)).toThrow(
		"this host does not let bpfgate read the memory of its own QEMU: no such file or directory",
	);
});
