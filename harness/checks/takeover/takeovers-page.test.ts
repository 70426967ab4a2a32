// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { takeoversPage } from "./takeovers-page.js";
import { dispatcherTechniques } from "./techniques/dispatchers.js";
import { mapTechniques } from "./techniques/maps.js";
import { techniques } from "./techniques/techniques.js";

const shown = [...techniques, ...dispatcherTechniques];
const all = [...shown, ...mapTechniques];
const page = readFileSync(join(import.meta.dirname, "../../../docs/takeovers.md"), "utf8");

it("docs/takeovers.md has the techniques as they are", () => {
	const written = takeoversPage([], all);
	expect(page.startsWith(written.slice(0, written.indexOf("## What the kernels allow")))).toBe(true);
});

it("docs/takeovers.md has an answer of each kernel for each technique on a hook", () => {
	const rows = page.split("\n").filter((line) => /^\| `[a-z0-9_]+` \| (?:a |no )/.test(line));
	const answered = new Set(rows.map((row) => row.split(" | ")[2]));
	expect(shown.filter(({ name }) => !answered.has(`\`${name}\``)).map(({ name }) => name)).toEqual([]);
});

it("names each technique once, by words that a manifest can have", () => {
	const names = all.map(({ name }) => name);
	expect(new Set(names).size).toBe(names.length);
	expect(names.filter((name) => !/^[a-z0-9-]+$/.test(name))).toEqual([]);
});

it("says what the built-in watcher noticed, how fast, and what it missed", () => {
	const at = { hook: "xdp", hold: "direct", technique: "xdp-replaced", said: "took" } as const;
	const written = takeoversPage(
		[
			{ ...at, kernel: "5.10", alarm: { signal: "rtnetlink", latencyMs: 3.24 } },
			{ ...at, kernel: "6.1", alarm: "none" },
			{ ...at, kernel: "6.12", said: "EBUSY" },
			{ ...at, kernel: "7.3", alarm: { signal: "rtnetlink", latencyMs: 41 } },
		],
		all,
	);
	expect(written).toContain(
		"| `xdp` | no link | `xdp-replaced` | took: rtnetlink, 3.2 ms | took, unnoticed | EBUSY | took: rtnetlink, 41 ms |",
	);
	expect(written).toContain("It notices 2 of the 3 takeovers above");
	expect(written).toContain("| `rtnetlink` | 2 | 3.2 ms | 3.2 ms | 41 ms |");
	expect(written).toContain("It misses:\n\n- `xdp-replaced` on `xdp`: 6.1");
});
