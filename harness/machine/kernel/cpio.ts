// SPDX-License-Identifier: Apache-2.0

/** One entry of an initramfs. Folders come before what is in them. */
export type CpioEntry =
	| { kind: "file"; path: string; mode: number; data: Uint8Array }
	| { kind: "folder"; path: string; mode: number }
	| { kind: "device"; path: string; mode: number; major: number; minor: number };

const TYPE = { file: 0o100000, folder: 0o040000, device: 0o020000 };

/**
 * Writes a "newc" archive (K: Documentation/driver-api/early-userspace/buffer-format.rst). Times
 * and owners are zero, so equal entries give equal bytes. Paths have no slash in front. Devices are
 * character devices.
 */
export function writeCpio(entries: CpioEntry[]): Uint8Array {
	const parts: Uint8Array[] = [];
	let inode = 1;
	const append = (entry: CpioEntry, number: number) => {
		const name = Buffer.from(`${entry.path}\0`);
		const data = entry.kind === "file" ? entry.data : new Uint8Array(0);
		const device = entry.kind === "device" ? [entry.major, entry.minor] : [0, 0];
		const mode = TYPE[entry.kind] | entry.mode;
		const links = entry.kind === "folder" ? 2 : 1;
		const fields = [number, mode, 0, 0, links, 0, data.length, 0, 0, ...device, name.length, 0];
		const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
		parts.push(Buffer.from(header), name, padding(header.length + name.length), data, padding(data.length));
	};
	for (const entry of entries) append(entry, inode++);
	append({ kind: "file", path: "TRAILER!!!", mode: 0, data: new Uint8Array(0) }, 0);
	return Buffer.concat(parts);
}

function padding(length: number): Uint8Array {
	return new Uint8Array((4 - (length % 4)) % 4);
}
