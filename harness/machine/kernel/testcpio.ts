// SPDX-License-Identifier: Apache-2.0

export interface ReadEntry {
	path: string;
	mode: number;
	device: [major: number, minor: number];
	data: string;
}

/** Reads a newc archive, for tests: everything before the trailer. */
export function readCpio(archive: Uint8Array): ReadEntry[] {
	const bytes = Buffer.from(archive);
	const entries: ReadEntry[] = [];
	const padded = (offset: number) => (offset + 3) & ~3;
	for (let offset = 0; ; ) {
		const field = (index: number) =>
			Number.parseInt(bytes.toString("latin1", offset + 6 + index * 8, offset + 14 + index * 8), 16);
		if (bytes.toString("latin1", offset, offset + 6) !== "070701") throw new Error(`no header at ${offset}`);
		const path = bytes.toString("latin1", offset + 110, offset + 110 + field(11) - 1);
		const start = padded(offset + 110 + field(11));
		if (path === "TRAILER!!!") return entries;
		const data = bytes.toString("latin1", start, start + field(6));
		entries.push({ path, mode: field(1), device: [field(9), field(10)], data });
		offset = padded(start + field(6));
	}
}
