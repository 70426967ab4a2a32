// SPDX-License-Identifier: Apache-2.0
import { basename } from "node:path";

const IDENT = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
const EM_BPF = 247;
const ET_REL = 1;
const SHT_NOBITS = 8;
const headerBytes = 64;
const sectionHeaderBytes = 64;

/** One eBPF object inside another file, such as the skeleton in a binary. */
export interface EmbeddedObject {
	/** `execsnoop.bpf.o`; several in one file are numbered: `bpftool-2.bpf.o`. */
	name: string;
	/** Byte offset in the file; 0 for a file that is an object. */
	offset: number;
	bytes: Uint8Array;
}

/**
 * Finds little-endian eBPF objects (elf(5), EM_BPF) in a file, wherever they stand: libbpf's
 * skeletons keep them whole in the binary's read-only data. An image ends with its last section or
 * with its section headers.
 */
export function embeddedObjects(path: string, bytes: Uint8Array): EmbeddedObject[] {
	const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const found: { offset: number; end: number }[] = [];
	for (let offset = file.indexOf(IDENT); offset >= 0; offset = file.indexOf(IDENT, offset + 1)) {
		const size = imageSize(file.subarray(offset));
		if (size !== undefined) found.push({ offset, end: offset + size });
	}
	const stem = basename(path).replace(/(?:\.bpf|\.so[.\d]*)?(?:\.o)?$/, "");
	return found.map(({ offset, end }, index) => ({
		name: `${stem}${found.length > 1 ? `-${index + 1}` : ""}.bpf.o`,
		offset,
		bytes: file.subarray(offset, end),
	}));
}

/** Bytes of the object at the beginning of `image`; undefined where no whole one begins. */
function imageSize(image: Buffer): number | undefined {
	if (image.length < headerBytes || image.readUInt16LE(18) !== EM_BPF) return undefined;
	if (image.readUInt16LE(16) !== ET_REL || image.readUInt16LE(58) !== sectionHeaderBytes) return undefined;
	const headers = Number(image.readBigUInt64LE(40));
	let end = headers + image.readUInt16LE(60) * sectionHeaderBytes;
	if (headers < headerBytes || end > image.length) return undefined;
	for (let at = headers, last = end; at < last; at += sectionHeaderBytes) {
		if (image.readUInt32LE(at + 4) === SHT_NOBITS) continue;
		end = Math.max(end, Number(image.readBigUInt64LE(at + 24)) + Number(image.readBigUInt64LE(at + 32)));
	}
	return end <= image.length ? end : undefined;
}
