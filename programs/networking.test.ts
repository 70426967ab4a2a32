// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";
import { validator } from "../harness/base/validate.js";
import { meaningOf } from "../harness/data/package/elf/section.js";
import { parseManifest } from "../harness/data/package/manifest/load-manifest.js";
import { openPackage } from "../harness/data/package/package.js";
import { VectorFile } from "../harness/data/vectors/schema.js";
import { parseText } from "../harness/data/vectors/text.js";
import { captures } from "./captures.js";
import type { Mutants } from "./mutant.js";
import { mutants } from "./mutants.js";
import {
	exempt,
	networkingTypes,
	type Proof,
	proofs,
	proofsOf,
	sameObject,
	withoutVectors,
} from "./networking.js";
import { signedObject } from "./signed.js";

const programs = fileURLToPath(new URL(".", import.meta.url));
const vectorFiles = validator(VectorFile);

/**
 * Sections by program, as the sources of a folder have them; none where there are objects alone.
 */
async function sourceSections(folder: string): Promise<Map<string, string>> {
	const sections = new Map<string, string>();
	for (const file of await readdir(folder)) {
		if (!file.endsWith(".bpf.c")) continue;
		const source = await readFile(join(folder, file), "utf8");
		for (const [, section = "", name = ""] of source.matchAll(/^SEC\("([^"]+)"\)\n[^;{]*?(\w+)\(/gm))
			sections.set(name, section);
	}
	return sections;
}

interface Found {
	name: string;
	sections: Map<string, string>;
}
const folders = (await readdir(programs, { withFileTypes: true }))
	.filter((entry) => entry.isDirectory() && !entry.name.startsWith("bad-"))
	.map((entry) => entry.name);
const good: Found[] = await Promise.all(
	folders.map(async (name) => ({ name, sections: await sourceSections(join(programs, name)) })),
);
/** Those that are about packets or sockets; objects without a source here are all of this kind. */
const networking = good.filter(
	({ sections }) =>
		sections.size === 0 ||
		[...sections.values()].some((section) => networkingTypes.has(meaningOf(section)?.type ?? "")),
);
const names = networking.map(({ name }) => name);

function parseVectors(file: string, bytes: Uint8Array): VectorFile {
	const { value } = parseText(file, bytes);
	if (!vectorFiles.accepts(value)) throw new Error(`${file}: ${vectorFiles.violation(value)?.reason}`);
	return value;
}

async function proven({ name, sections }: Found): Promise<Set<Proof>> {
	const manifest = join(programs, name, "bpfgate.json");
	const listed = parseManifest(manifest, await readFile(manifest)).vectors ?? [];
	const files = await Promise.all(
		listed
			.filter((file) => /\.(ya?ml|json)$/.test(file))
			.map(async (file) => parseVectors(file, await readFile(join(programs, name, file)))),
	);
	const made = listed.filter((file) => `${name}/${file}` in captures);
	const found = proofsOf({
		files,
		captures: new Set(made.map((file) => file.replace(/^vectors\//, ""))),
		sections: name === "signed-filter" ? await objectSections(name) : sections,
	});
	if (name in mutants) found.add("mutants");
	return found;
}

/** Of a package whose objects are committed. */
async function objectSections(name: string): Promise<Map<string, string>> {
	const { objects } = await openPackage(join(programs, name));
	return new Map(objects.flatMap((object) => object.programs.map((each) => [each.name, each.section])));
}

const covered = networking.filter(({ name }) => !(name in withoutVectors) && !(name in sameObject));
const provenBy = new Map(
	await Promise.all(covered.map(async (each) => [each.name, await proven(each)] as const)),
);

it("finds the examples that are about packets, and no others", () => {
	expect(names).toEqual(expect.arrayContaining(["xdp-filter", "xdp-tools", "signed-filter", "token-tc"]));
	expect(names).toEqual(expect.arrayContaining(Object.keys(mutants)));
	const others = good.map(({ name }) => name).filter((name) => !names.includes(name));
	expect(others).toEqual(expect.arrayContaining(["exec-observer", "lsm-guard", "token-kprobe"]));
});

describe.each(covered)("$name", ({ name }) => {
	const excuses = exempt[name] ?? {};

	it.each(proofs)("has vectors with %s, or cannot have them", (proof) => {
		const has = provenBy.get(name)?.has(proof);
		// Unused exemptions are removed.
		expect({ has, exempt: excuses[proof] ?? "" }).toEqual(
			proof in excuses ? { has: false, exempt: expect.stringMatching(/\w+ \w+/) } : { has: true, exempt: "" },
		);
	});
});

test("exemptions are of examples that there are", () => {
	const excused = [withoutVectors, sameObject, exempt].flatMap((each) => Object.keys(each));
	expect(names).toEqual(expect.arrayContaining(excused));
	expect(new Set(excused).size).toBe(excused.length);
});

test.each(Object.entries(withoutVectors))("%s has no vectors, and its README says why", async (name, why) => {
	const manifest = join(programs, name, "bpfgate.json");
	expect(parseManifest(manifest, await readFile(manifest)).vectors).toBeUndefined();
	expect(name in mutants).toBe(false);
	expect(why).not.toBe("");
	expect(await readFile(join(programs, name, "README.md"), "utf8")).toMatch(/no vectors/);
});

test.each(Object.entries(sameObject))("%s has the object of %s", async (name, other) => {
	expect(covered.map((each) => each.name)).toContain(other);
	const [mine, theirs] = await Promise.all(
		[name, other].map((each) => readFile(join(programs, each, signedObject))),
	);
	expect(mine!.equals(theirs!)).toBe(true);
});

test.each(Object.keys(exempt))("the README of %s says what it cannot have", async (name) => {
	expect(await readFile(join(programs, name, "README.md"), "utf8")).toMatch(/several buffers/);
});

test("the README's table has a row for each, and counts its mutants", async () => {
	const readme = await readFile(join(programs, "README.md"), "utf8");
	const [, section = ""] = readme.split("## Vectors of the networking examples\n");
	const rows = [...section.matchAll(/^\| \[([a-z0-9-]+)\]\(\1\) .*\| (\S+) +\|$/gm)];
	const counts = Object.fromEntries(rows.map(([, name, count]) => [name, count]));
	expect(counts).toEqual(Object.fromEntries(names.map((name) => [name, countOf(mutants[name])])));
});

/** How many mutants there are, as the table has it. */
function countOf(table: Mutants | undefined): string {
	const entries = Object.values(table ?? {}).flatMap((entry) => ("because" in entry ? [] : entry));
	return entries.length === 0 ? "-" : String(entries.length);
}

const long = "{ layers: [ { eth: {} }, { ipv4: {} }, { udp: {} }, { payload: { length: 5000 } } ] }";
const short = "{ layers: [ { eth: {} }, { ipv4: {} }, { udp: {} } ] }";

test.each<{ of: string; written: string; proves: Proof[] }>([
	{ of: "a packet", written: `packet: ${short}`, proves: [] },
	{ of: "maps before alone", written: `packet: ${short}, maps_before: { m: { 0: 1 } }`, proves: [] },
	{
		of: "maps before and after",
		written: `packet: ${short}, maps_before: { m: { 0: 1 } }, expect: { maps_after: { m: unchanged } }`,
		proves: ["map state"],
	},
	{ of: "a sequence of one", written: `sequence: [ { packet: ${short} } ]`, proves: [] },
	{
		of: "a sequence of two",
		written: `sequence: [ { packet: ${short} }, { packet: ${short} } ]`,
		proves: ["sequence"],
	},
	{ of: "a capture of ours", written: "packet: { pcap: ours.pcapng, frame: 1 }", proves: ["capture"] },
	{ of: "a foreign capture", written: "packet: { pcap: theirs.pcapng, frame: 1 }", proves: [] },
	{ of: "a long frame for xdp", written: `packet: ${long}, program: whole`, proves: [] },
	{
		of: "a long frame for xdp.frags",
		written: `packet: ${long}, program: pieces`,
		proves: ["several buffers"],
	},
	{ of: "a long frame for tc", written: `packet: ${long}, program: filter`, proves: ["several buffers"] },
])("$of proves $proves", ({ written, proves }) => {
	const text = `vectors: [ { name: one, ${written} } ]`;
	const sections = new Map([
		["whole", "xdp"],
		["pieces", "?xdp.frags"],
		["filter", "tc"],
	]);
	const files = [parseVectors("one.yaml", Buffer.from(text))];
	expect([...proofsOf({ files, captures: new Set(["ours.pcapng"]), sections })]).toEqual(proves);
});
