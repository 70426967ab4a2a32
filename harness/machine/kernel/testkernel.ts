// SPDX-License-Identifier: Apache-2.0
import type { Kernel } from "./kernel.js";

/** The least bytes that are a bzImage: protocol 2.15, 64-bit, `payload` bytes of rest. */
export function fakeBzImage(release: string, payload = 4096): Buffer {
	const setup = 5 * 512;
	const image = Buffer.alloc(setup + payload, 0x90);
	image[0x1f1] = 4;
	image.writeUInt32LE(payload / 16, 0x1f4);
	image.writeUInt16LE(0xaa55, 0x1fe);
	image.write("HdrS", 0x202, "latin1");
	image.writeUInt16LE(0x020f, 0x206);
	image.writeUInt16LE(0x400, 0x20e);
	image.writeUInt16LE(1, 0x236);
	image.write(`${release} (builder@host) #1 SMP\0`, 0x600, "latin1");
	return image;
}

/** The smallest ELF64 object with a `.modinfo` section. */
export function fakeModule(name: string, depends: string[] = [], release = "6.12.1-test"): Buffer {
	const modinfo = Buffer.from(
		`license=GPL\0depends=${depends.join(",")}\0name=${name}\0vermagic=${release} SMP mod_unload \0`,
	);
	const names = Buffer.from("\0.modinfo\0.shstrtab\0");
	const header = Buffer.alloc(64);
	header.write("\x7fELF\x02\x01\x01", 0, "latin1");
	const table = Buffer.alloc(3 * 64);
	const section = (index: number, nameOffset: number, offset: number, size: number) => {
		table.writeUInt32LE(nameOffset, index * 64);
		table.writeUInt32LE(1, index * 64 + 4);
		table.writeBigUInt64LE(BigInt(offset), index * 64 + 24);
		table.writeBigUInt64LE(BigInt(size), index * 64 + 32);
	};
	section(1, 1, 64, modinfo.length);
	section(2, 10, 64 + modinfo.length, names.length);
	header.writeBigUInt64LE(BigInt(64 + modinfo.length + names.length), 40);
	header.writeUInt16LE(64, 58);
	header.writeUInt16LE(3, 60);
	header.writeUInt16LE(2, 62);
	return Buffer.concat([header, modinfo, names, table]);
}

/** The kernel without modules: of Debian's those from 6.18 on boot all the same. */
export function withoutModules({ modules: _, modules_sha256: __, ...kernel }: Kernel): Kernel {
	return kernel;
}
