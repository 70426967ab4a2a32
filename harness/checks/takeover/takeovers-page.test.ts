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
