// SPDX-License-Identifier: Apache-2.0
import { readFile } from "../../../machine/features/files.js";
import type { GuestClient } from "../../../machine/guest/client.js";

const most = 5;

/** Functions that a missing one may have become: system calls, or compilers' copies (`.isra.0`). */
export async function similarSymbols(client: GuestClient, name: string): Promise<string[]> {
	const kallsyms = await readFile(client, "/proc/kallsyms");
	return similarIn(Buffer.from(kallsyms ?? []).toString("latin1"), name);
}

/** @param kallsyms lines `address type name [module]` */
export function similarIn(kallsyms: string, name: string): string[] {
	const plain = name.replace(/[^\w.]/g, "");
	if (plain === "" || plain !== name) return [];
	const escaped = plain.replaceAll(".", "\\.");
	const stem = escaped.replace(/\\\.(?:isra|constprop|part|cold).*$/, "");
	const pattern = new RegExp(
		`^\\S+ [tTwW] ((?:__(?:x64|arm64|s390x?|riscv|se)_${escaped}|${stem}(?:\\.(?:isra|constprop|part|llvm)[\\w.]*)?))(?:\\s|$)`,
		"gm",
	);
	const found = [...kallsyms.matchAll(pattern)].map(([, symbol = ""]) => symbol);
	return [...new Set(found)].filter((symbol) => symbol !== name).slice(0, most);
}
