// SPDX-License-Identifier: Apache-2.0

const bigEndian: ReadonlySet<string> = new Set(["s390x"]);

/** Byte order of an architecture's kernel and BPF programs; `arch` as in `uname -m`. */
export function isLittleEndian(arch: string): boolean {
	return !bigEndian.has(arch);
}
