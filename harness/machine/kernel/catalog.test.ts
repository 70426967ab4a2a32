// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { Catalog, parseCatalog, readCatalog } from "./catalog.js";

it("has eleven lines and the default ones", async () => {
	const catalog = await readCatalog();
	const ids = ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"];
	expect(catalog.lines.map((line) => line.id)).toEqual(ids);
	expect(catalog.default).toEqual(["5.10", "6.1", "6.12", "6.18", "7.2", "7.3"]);
});

it("has release patterns that compile and match only their own line", async () => {
	const { lines } = await readCatalog();
	const releases = {
		"5.10": "5.10.0-46",
		"6.1": "6.1.0-56",
		"6.12": "6.12.117+deb13",
		"7.2": "7.2.13+deb14",
		"7.3": "7.3",
	};
	for (const line of lines) {
		for (const [id, release] of Object.entries(releases)) {
			expect(new RegExp(`^(?:${line.release})$`).test(release)).toBe(line.id === id);
		}
		expect(new RegExp(`^(?:${line.release})$`).test("6.12")).toBe(false);
	}
});

it("publishes the schema that the program uses", async () => {
	const path = new URL("../../../kernels/catalog.schema.json", import.meta.url);
	expect(JSON.parse(await readFile(path, "utf8"))).toEqual(JSON.parse(JSON.stringify(Catalog)));
});

describe("parseCatalog", async () => {
	const good = JSON.parse(JSON.stringify(await readCatalog()));
	const broken = (change: (catalog: typeof good) => void) => {
		const copy = structuredClone(good);
		change(copy);
		return () => parseCatalog("catalog.json", JSON.stringify(copy));
	};

	it("reports where a catalog is wrong", () => {
		expect(() => parseCatalog("catalog.json", "{")).toThrow(/^catalog.json: line 1 column 2: is not JSON/);
		expect(broken((catalog) => (catalog.lines[0].id = 5))).toThrow(
			"catalog.json: /lines/0/id: must be a string",
		);
		expect(broken((catalog) => (catalog.colour = 1))).toThrow('unknown key "colour"');
		expect(broken((catalog) => (catalog.default = ["9.9"]))).toThrow("names 9.9, which is not a line");
		expect(broken((catalog) => catalog.lines.push(catalog.lines[0]))).toThrow("has 5.10 twice");
	});
});
