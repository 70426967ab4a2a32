// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PATH = fileURLToPath(new URL("../../../kernels/kfuncs.json", import.meta.url));
let known: Map<string, string> | undefined;

/** The first line of the catalog (6.12 at the least) that has a kfunc; undefined for none. */
export function kfuncSince(name: string): string | undefined {
	known ??= new Map(
		Object.entries(JSON.parse(readFileSync(PATH, "utf8")) as Record<string, string>).flatMap(
			([line, names]) => names.split(" ").map((each): [string, string] => [each, line]),
		),
	);
	return known.get(name);
}
