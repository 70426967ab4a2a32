// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { InputError, unreadable } from "../../base/errors.js";

/** Largest image that is read; an allyesconfig bzImage stays under it. */
const MAX_IMAGE_BYTES = 256 * 1024 * 1024;

export interface KernelImage {
	/** `uname -r`. */
	release: string;
	/** `uname -m`. */
	arch: string;
}

/**
 * Recognises a kernel image: x86 bzImage (K: Documentation/arch/x86/boot.rst), arm64 Image (K:
 * Documentation/arch/arm64/booting.rst), s390x bzImage (K: arch/s390/include/asm/setup.h).
 * @throws InputError when it is another format, or truncated
 */
export async function readImage(path: string): Promise<KernelImage> {
	const status = await stat(path).catch((cause: unknown) => {
		throw unreadable(path, cause);
	});
	if (!status.isFile()) throw new InputError(path, "", "is not a regular file");
	if (status.size > MAX_IMAGE_BYTES)
		throw new InputError(path, "", `is too large for a kernel (${status.size} bytes)`);
	return parseImage(path, await readFile(path));
}

/** As readImage, for content in memory; `file` names it in messages. */
export function parseImage(file: string, image: Buffer): KernelImage {
	if (image.length === 0) throw new InputError(file, "", "is empty");
	const ascii = (offset: number, length: number) =>
		image.subarray(offset, offset + length).toString("latin1");
	if (ascii(0x202, 4) === "HdrS") return x86(file, image);
	if (ascii(0x38, 4) === "ARMd") return { arch: "aarch64", release: banner(file, image) };
	if (ascii(0x10008, 6) === "S390EP") return s390x(file, image);
	if (ascii(0, 4) === "\x7fELF") {
		throw new InputError(
			file,
			"",
			"is an ELF file (vmlinux?); use the bootable image, such as arch/x86/boot/bzImage",
		);
	}
	throw new InputError(file, "", "is not a kernel image (x86 bzImage, arm64 Image or s390x bzImage)");
}

function x86(file: string, image: Buffer): KernelImage {
	if (image.length < 0x264) throw new InputError(file, "boot header", "is truncated");
	if (image.readUInt16LE(0x206) < 0x20c)
		throw new InputError(file, "boot header", "has a boot protocol older than 2.12");
	if ((image.readUInt16LE(0x236) & 1) === 0)
		throw new InputError(file, "boot header", "belongs to a 32-bit kernel");
	const setupSectors = image[0x1f1] || 4;
	const wanted = (setupSectors + 1) * 512 + image.readUInt32LE(0x1f4) * 16;
	if (image.length < wanted) {
		throw new InputError(file, "", `is truncated: has ${image.length} bytes, expected at least ${wanted}`);
	}
	return { arch: "x86_64", release: releaseAt(file, image, image.readUInt16LE(0x20e) + 0x200) };
}

function s390x(file: string, image: Buffer): KernelImage {
	if (image.length < 0x10430) throw new InputError(file, "parameter area", "is truncated");
	return { arch: "s390x", release: releaseAt(file, image, Number(image.readBigUInt64BE(0x10428))) };
}

/** First word of the string at an offset: "6.12.1 (builder@host) #1 SMP". */
function releaseAt(file: string, image: Buffer, offset: number): string {
	const text = image.subarray(offset, offset + 128).toString("latin1");
	return checked(file, `release at 0x${offset.toString(16)}`, text.split(/[\0 ]/)[0] ?? "");
}

/** From "Linux version 6.12.1 (builder@host)", which an uncompressed kernel contains. */
function banner(file: string, image: Buffer): string {
	const start = image.indexOf("Linux version ");
	if (start < 0) throw new InputError(file, "", "is an arm64 Image that does not name its release");
	return checked(
		file,
		"banner",
		image
			.subarray(start + 14, start + 142)
			.toString("latin1")
			.split(" ")[0] ?? "",
	);
}

function checked(file: string, place: string, release: string): string {
	if (!/^\d+\.\d+[A-Za-z0-9.+~_-]{0,60}$/.test(release)) {
		throw new InputError(file, place, "is not a kernel release");
	}
	return release;
}
