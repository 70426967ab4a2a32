// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const harness = fileURLToPath(new URL("../harness/", import.meta.url));
/**
 * `harness/areas.json`: areas in order; in each its folders in order, "." being the files of the
 * area itself.
 */
type Areas = Record<string, string[]>;
/** Paths below `harness/`, each with those it imports from. */
type Imports = Map<string, string[]>;

const maxArrows = 72;

const areaOf = (path: string) => path.split("/")[0] ?? path;
function folderOf(path: string): string {
	const [, folder, file] = path.split("/");
	return folder !== undefined && file !== undefined ? folder : ".";
}

function readImports(): Imports {
	const files = readdirSync(harness, { recursive: true, encoding: "utf8" }).filter(
		(path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !/(^|\/)test[a-z]+\.ts$/.test(path),
	);
	return new Map(
		files.map((path) => {
			const text = readFileSync(join(harness, path), "utf8");
			const named = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)\.js"/g)];
			return [path, named.map(([, to]) => normalize(join(dirname(path), `${to}.ts`)))];
		}),
	);
}

/** One line for each import against the order. */
function backward(imports: Imports, areas: Areas): string[] {
	const order = Object.keys(areas);
	const lines: string[] = [];
	for (const [path, others] of imports) {
		for (const other of others) {
			const [from, to] = [areaOf(path), areaOf(other)];
			const folders = areas[from] ?? [];
			const allowed =
				from !== to
					? order.includes(to) && order.indexOf(to) < order.indexOf(from)
					: folderOf(path) === folderOf(other) ||
						(folders.includes(folderOf(other)) &&
							folders.indexOf(folderOf(other)) < folders.indexOf(folderOf(path)));
			if (!allowed) lines.push(`${path} imports ${other}`);
		}
	}
	return lines;
}

/**
 * Groups of files that import each other, of types too (Tarjan's strongly connected components).
 */
function circles(imports: Imports): string[][] {
	const found: string[][] = [];
	const index = new Map<string, number>();
	const low = new Map<string, number>();
	const stack: string[] = [];
	const visit = (path: string) => {
		index.set(path, index.size);
		low.set(path, index.get(path)!);
		stack.push(path);
		for (const other of imports.get(path) ?? []) {
			if (!imports.has(other)) continue;
			if (!index.has(other)) visit(other);
			if (stack.includes(other)) low.set(path, Math.min(low.get(path)!, low.get(other)!));
		}
		if (low.get(path) !== index.get(path)) return;
		const members = stack.splice(stack.indexOf(path));
		if (members.length > 1) found.push(members.sort());
	};
	for (const path of imports.keys()) if (!index.has(path)) visit(path);
	return found;
}

/** Pairs of areas, or of folders in one area, where the first imports from the second. */
function arrows(imports: Imports): Set<string> {
	const pairs = new Set<string>();
	for (const [path, others] of imports) {
		for (const other of others) {
			const [from, to] = [areaOf(path), areaOf(other)];
			if (from !== to) pairs.add(`${from} -> ${to}`);
			else if (folderOf(path) !== folderOf(other))
				pairs.add(`${from}/${folderOf(path)} -> ${to}/${folderOf(other)}`);
		}
	}
	return pairs;
}

describe("the areas of harness/", () => {
	const areas: Areas = JSON.parse(readFileSync(join(harness, "areas.json"), "utf8"));
	const imports = readImports();

	it("are all in areas.json, with their folders", () => {
		for (const path of imports.keys()) {
			expect(areas, path).toHaveProperty([areaOf(path)]);
			const folders = areas[areaOf(path)]!;
			expect(folders.length === 0 ? ["."] : folders, path).toContain(folderOf(path));
		}
	});

	it("import only from areas and folders before them", () => {
		expect(backward(imports, areas)).toEqual([]);
	});

	it("have no circle of imports, not even of types", () => {
		expect(circles(imports)).toEqual([]);
	});

	it(`are tied by at most ${maxArrows} arrows`, () => {
		expect(arrows(imports).size).toBeLessThanOrEqual(maxArrows);
	});
});

describe("the rules", () => {
	const areas: Areas = { base: [], data: ["packet", "capture"], "index.ts": [] };

	it("accept what follows the order", () => {
		const imports = new Map([
			["base/errors.ts", ["base/errno.ts"]],
			["data/capture/pcap.ts", ["data/packet/layer.ts", "base/errors.ts"]],
			["index.ts", ["data/capture/pcap.ts"]],
		]);
		expect(backward(imports, areas)).toEqual([]);
		expect(circles(imports)).toEqual([]);
		expect([...arrows(imports)]).toEqual(["data/capture -> data/packet", "data -> base", "index.ts -> data"]);
	});

	it("find an import against the order, of an unknown area, and a circle", () => {
		const imports = new Map([
			["base/errors.ts", ["data/packet/layer.ts"]],
			["data/packet/layer.ts", ["data/capture/pcap.ts", "elsewhere/x.ts"]],
			["data/capture/pcap.ts", ["data/packet/layer.ts"]],
		]);
		expect(backward(imports, areas)).toEqual([
			"base/errors.ts imports data/packet/layer.ts",
			"data/packet/layer.ts imports data/capture/pcap.ts",
			"data/packet/layer.ts imports elsewhere/x.ts",
		]);
		expect(circles(imports)).toEqual([["data/capture/pcap.ts", "data/packet/layer.ts"]]);
	});
});
