// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sampleObject } from "./elf/testobject.js";

/** A package that opens: one object in a folder of its own. */
export const sampleManifest = { name: "sample", version: "1.2.3", objects: ["bpf/count.bpf.o"] };

/** The files of a package with that manifest. */
export function sampleFiles(manifest: unknown = sampleManifest): Record<string, Uint8Array | string> {
	return { "bpfgate.json": JSON.stringify(manifest), "bpf/count.bpf.o": sampleObject() };
}

/** A temporary folder with these files. */
export async function temporaryFolder(
	files: Record<string, Uint8Array | string> = {},
): Promise<AsyncDisposable & { path: string }> {
	const path = await mkdtemp(join(tmpdir(), "bpfgate-package-"));
	for (const [name, content] of Object.entries(files)) {
		await mkdir(dirname(join(path, name)), { recursive: true });
		await writeFile(join(path, name), content);
	}
	return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface TarEntry {
	path: string;
	/** `typeflag` of ustar: 0 file, 1 hard link, 2 symbolic link, 3 character device, 5 folder. */
	type?: string;
	data?: Uint8Array | string;
	link?: string;
}

/** A ustar archive (POSIX pax(1)) of exactly these entries, however odd. */
export function tarOf(entries: TarEntry[]): Uint8Array {
	const blocks = entries.flatMap(({ path, type = "0", data = "", link = "" }) => {
		const bytes = Buffer.from(data);
		const header = Buffer.alloc(512);
		header.write(path, 0, 100);
		header.write("0000644\0", 100);
		header.write("0000000\0", 108);
		header.write("0000000\0", 116);
		header.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
		header.write("00000000000\0", 136);
		header.write("        ", 148);
		header.write(type, 156);
		header.write(link, 157, 100);
		header.write("ustar\x0000", 257);
		const sum = header.reduce((total, byte) => total + byte, 0);
		header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
		return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
	});
	return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
