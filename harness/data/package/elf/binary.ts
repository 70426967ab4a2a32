// SPDX-License-Identifier: Apache-2.0
import { elfMachines } from "./elf.js";

/** `e_machine` of binaries that run on a kernel, by `uname -m`; 32-bit ones among them. */
const runs: Readonly<Record<string, readonly number[]>> = {
	x86_64: [62, 3],
	aarch64: [183, 40],
	s390x: [22],
	riscv64: [243],
	ppc64le: [21],
	loongarch64: [258],
};
const ET_EXEC = 2;
const ET_DYN = 3;
const ELFCLASS64 = 2;
/** Of a 64-bit file; a 32-bit one has 52, and more behind them. */
const headerBytes = 64;

/**
 * Why no process of a kernel can map a file as its code, so that a probe in it never fires.
 * @param arch of the kernel, as `uname -m` prints it
 * @returns undefined for an executable or a shared library of that architecture
 */
export function binaryProblem(bytes: Uint8Array, arch: string): string | undefined {
	const { buffer, byteOffset, length } = bytes;
	if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") !== "\x7fELF") {
		const first = Buffer.from(bytes.subarray(0, 4)).toString("hex").replace(/..\B/g, "$& ");
		return `is not an ELF file: ${first === "" ? "it is empty" : `it begins with ${first}`}`;
	}
	if (length < headerBytes) return `is cut short: its header has ${length} bytes of ${headerBytes}`;
	const header = new DataView(buffer, byteOffset, headerBytes);
	const littleEndian = bytes[5] === 1;
	const machine = header.getUint16(18, littleEndian);
	if (!(runs[arch] ?? [machine]).includes(machine))
		return `is for ${elfMachines[machine] ?? `machine ${machine}`}, and the kernel for ${arch}`;
	const type = header.getUint16(16, littleEndian);
	if (type !== ET_EXEC && type !== ET_DYN) return "is neither an executable nor a shared library";
	if (bytes[4] !== ELFCLASS64) return undefined;
	const sections = header.getUint16(58, littleEndian) * header.getUint16(60, littleEndian);
	const end = Number(header.getBigUint64(40, littleEndian)) + sections;
	return end <= length
		? undefined
		: `is cut short: its section headers end at 0x${end.toString(16)}, and it has 0x${length.toString(16)} bytes`;
}
