// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PATH = fileURLToPath(new URL("../../../kernels/kfuncs.json", import.meta.url));
let known: Map<string, string> | undefined;

/**
 * The first kernel line of the catalog that was seen to have a kfunc (`6.12` is the oldest that
 * marks them); undefined for a name that no kernel of the catalog has.
 */
export function kfuncSince(name: string): string | undefined {
	known ??= new Map(
		Object.entries(JSON.parse(readFileSync(PATH, "utf8")) as Record<string, string>).flatMap(
			([line, names]) => names.split(" ").map((each): [string, string] => [each, line]),
		),
	);
	return known.get(name);
}
