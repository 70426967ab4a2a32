// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../package/package.js";
import { toHex } from "../../packet/bytes.js";
import { type PreparedVector, suiteOf } from "../suite.js";
import { bare, mutantsOf } from "./mutant.js";
import { vectorFile, writtenVector } from "./saved.js";
import { simpler, sizeOf } from "./shrink.js";

const example = (name: string) =>
	openPackage(fileURLToPath(new URL(`../../../../programs/${name}`, import.meta.url)));

/** The vectors, written to a file and read again by the package. */
function readAgain(pkg: Package, vectors: readonly PreparedVector[]): PreparedVector[] {
	const named = vectors.map((vector, index) => ({ name: `v${index}`, ...writtenVector(vector) }));
	const bytes = new TextEncoder().encode(vectorFile("all of them", named));
	const file = { file: "saved.yaml", display: "saved.yaml", bytes };
	const suite = suiteOf({ ...pkg, vectors: [file] });
	expect(suite.invalid).toEqual([]);
	return suite.vectors;
}

/** What a kernel is given. */
const inputs = ({ subject, before, steps, cpu, isSequence }: PreparedVector) => ({
	program: subject.program.name,
	key: subject.key,
	before: before
		.map(({ model, entries }) => [
			model.name,
			entries.map(({ key, value }) => [
				toHex(key),
				JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each)),
			]),
		])
		.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
	steps: steps.map(({ packet, metadata, context }) => [
		packet && toHex(packet),
		toHex(metadata),
		context && toHex(context),
	]),
	cpu,
	isSequence,
});

/** Pointers say where something was written, which is elsewhere now. */
const withoutPointers = (value: unknown): unknown =>
	JSON.parse(JSON.stringify(value).replace(/\\"pointer\\":\\"[^"\\]*\\",?/g, ""));

describe.each([
	"xdp-filter",
	"tc-marker",
	"netfilter-guard",
	"xdp-chain",
	"sk-lookup-dispatcher",
	"tcx-accounting",
])("vectors of %s", (name) => {
	it("are written so that they are read as they were, and so are their mutants", async () => {
		const pkg = await example(name);
		const vectors = suiteOf(pkg).vectors.map(bare);
		const mutants = [...mutantsOf(suiteOf(pkg).vectors, 60, 5)].map(({ vector }) => vector);
		const all = [...vectors, ...mutants];
		expect(all.length).toBeGreaterThan(0);
		const again = readAgain(pkg, all);
		expect(again).toHaveLength(all.length);
		for (const [index, vector] of all.entries())
			expect(withoutPointers(inputs(again[index]!))).toEqual(withoutPointers(inputs(vector)));
	});

	it("are made simpler in ways that are written as they are", async () => {
		const pkg = await example(name);
		const candidates = suiteOf(pkg)
			.vectors.slice(0, 2)
			.map(bare)
			.flatMap((vector) => {
				const simple = simpler(vector);
				for (const each of simple) expect(sizeOf(each)).toBeLessThan(sizeOf(vector));
				return simple;
			});
		expect(candidates.length).toBeGreaterThan(0);
		const again = readAgain(pkg, candidates);
		for (const [index, vector] of candidates.entries())
			expect(withoutPointers(inputs(again[index]!))).toEqual(withoutPointers(inputs(vector)));
	});
});
