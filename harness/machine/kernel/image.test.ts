// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { parseImage, readImage } from "./image.js";
import { fakeBzImage } from "./testkernel.js";

describe("parseImage", () => {
	it("reads the release of an x86 bzImage", () => {
		const image = fakeBzImage("6.12.117+deb13-cloud-amd64");
		expect(parseImage("k", image)).toEqual({ arch: "x86_64", release: "6.12.117+deb13-cloud-amd64" });
	});

	it("reads the release of an arm64 Image and of an s390x bzImage", () => {
		const arm = Buffer.alloc(4096);
		arm.write("ARMd", 0x38, "latin1");
		arm.write("Linux version 6.18.1-arm64 (builder@host)", 1024, "latin1");
		expect(parseImage("k", arm)).toEqual({ arch: "aarch64", release: "6.18.1-arm64" });
		const s390 = Buffer.alloc(0x11000);
		s390.write("S390EP", 0x10008, "latin1");
		s390.writeBigUInt64BE(0x10800n, 0x10428);
		s390.write("6.18.1-s390x (builder@host)\0", 0x10800, "latin1");
		expect(parseImage("k", s390)).toEqual({ arch: "s390x", release: "6.18.1-s390x" });
	});

	it.each<[string, Buffer, RegExp]>([
		["nothing", Buffer.alloc(0), /is empty/],
		["a text", Buffer.from("hello".repeat(1000)), /is not a kernel image/],
		["an ELF file", Buffer.from("\x7fELF\x02\x01\x01", "latin1"), /bzImage/],
		["a half of an image", fakeBzImage("6.1.0", 8192).subarray(0, 6000), /is truncated/],
		["the start of a header", fakeBzImage("6.1.0").subarray(0, 0x210), /is truncated/],
		["a bzImage that names rubbish", fakeBzImage("\x1b[31m6.1"), /is not a kernel release/],
	])("refuses %s", (_what, image, reason) => {
		expect(() => parseImage("bad", image)).toThrow(reason);
	});

	it("refuses an image of a 32-bit kernel and of an old boot protocol", () => {
		const narrow = fakeBzImage("6.1.0");
		narrow.writeUInt16LE(0, 0x236);
		expect(() => parseImage("k", narrow)).toThrow(/32-bit/);
		const old = fakeBzImage("2.6.20");
		old.writeUInt16LE(0x205, 0x206);
		expect(() => parseImage("k", old)).toThrow(/protocol/);
	});
});

it("reports a missing file", async () => {
	await expect(readImage("/nowhere/bzImage")).rejects.toThrow("/nowhere/bzImage: cannot be read");
	await expect(readImage("/")).rejects.toThrow("is not a regular file");
});
