// SPDX-License-Identifier: Apache-2.0
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { openPackage, type Package } from "../data/package/package.js";

export const frameBytes = 64;
const slots = 16;

/**
 * A frame of an experimental EtherType, different for each index; its last byte selects the
 * counter.
 */
export function frame(index: number): Uint8Array {
	const bytes = Buffer.alloc(frameBytes);
	bytes.writeUInt16BE(0x88b5, 12);
	bytes.writeUInt32BE(index, 14);
	bytes[frameBytes - 1] = index % 256;
	return bytes;
}

/**
 * The package of `counter.bpf.c` with `count` vectors; each expects a verdict, a packet and a
 * counter.
 */
export async function counterPackage(count: number): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-bench-"));
	try {
		const source = join(folder, "counter.bpf.c");
		await copyFile("harness/bench/counter.bpf.c", source);
		await execa("programs/build", [source]);
		const vectors = Array.from({ length: count }, (_, index) => ({
			name: `frame-${index}`,
			packet: { hex: Buffer.from(frame(index)).toString("hex") },
			expect: {
				retval: index % 2 === 1 ? "XDP_DROP" : "XDP_PASS",
				packet: "unchanged",
				maps_after: { counters: { exact: { [String((index % 256) % slots)]: 1 } } },
			},
		}));
		await writeFile(join(folder, "counter.json"), JSON.stringify({ vectors }));
		const manifest = {
			name: "counter",
			version: "1",
			objects: ["counter.bpf.o"],
			vectors: ["counter.json"],
		};
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}
