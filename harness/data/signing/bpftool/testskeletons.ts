// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { signDetached } from "../cms.js";
import type { Identity } from "../issue.js";
import { readLightSkeleton } from "./light-skeleton.js";

/** Folder of the example that bpftool signed for kernels from 7.3 on. */
export const skeletonExample = fileURLToPath(new URL("../../../../programs/signed-bpftool", import.meta.url));
export const skeletonObject = "udp-quota.bpf.o";

/** The header of that example, signed by another key. */
export async function resignedHeader({ privateKey, certificate }: Identity): Promise<string> {
	const file = `${skeletonExample}/signatures/udp-quota.lskel.h`;
	const text = await readFile(file, "latin1");
	const { insns, data } = readLightSkeleton(file, Buffer.from(text, "latin1"));
	const key = { kind: "memory", pem: privateKey } as const;
	const cms = await signDetached(Buffer.concat([insns, data]), key, certificate);
	return text.replace(/(opts_sig\[\].* = "\\\n)[^"]*/, (_, opening: string) => `${opening}${escaped(cms)}`);
}

/** As bpftool writes bytes: lines of at most 78 characters. */
export function escaped(bytes: Uint8Array): string {
	const lines = [""];
	for (const byte of bytes) {
		const text = byte === 0 ? "\\0" : `\\x${byte.toString(16).padStart(2, "0")}`;
		if (lines.at(-1)!.length + text.length > 78) lines.push("");
		lines[lines.length - 1] += text;
	}
	return lines.join("\\\n");
}
