// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../base/errors.js";
import { linkObjects } from "../../data/package/elf/link.js";
import { canonicalFiles, openPackage, type Package } from "../../data/package/package.js";
import { temporaryFolder } from "../../data/package/testpackage.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { compileBpf } from "../../machine/guest/agent/testobject.js";
import { vectorsCheck } from "../vectors/vectors-check.js";
import { loadCheck } from "./load-check.js";

const source = join(import.meta.dirname, "testdata/linked.bpf.c");
const entry = await compileBpf(source, "-DENTRY");
const verdict = await compileBpf(source);

/** A package of these objects, with one vector. */
async function packageOf(...objects: Record<string, unknown>[]): Promise<Package> {
	const vectors = [
		{
			name: "any",
			program: "entry",
			packet: { hex: "00".repeat(14) },
			expect: { retval: "XDP_TX", maps_after: { hits: { 0: "+1", 1: "+1" } } },
		},
	];
	const manifest = { name: "linked", version: "1", objects, vectors: ["all.json"] };
	await using folder = await temporaryFolder({
		...{ "entry.o": entry, "lib/verdict.o": verdict, "again.o": verdict },
		"larger.o": await compileBpf(source, "-DENTRIES=4"),
		"text.o": "no object",
		"all.json": JSON.stringify({ vectors }),
		"bpfgate.json": JSON.stringify(manifest),
	});
	return await openPackage(folder.path);
}
const link = (...parts: string[]) => ({ file: "tool.bpf.o", link: parts, rodata: { verdict: 3 } });

describe.each(["5.10", "7.3"])("linked objects on %s", (kernel) => {
	let bench: Awaited<ReturnType<typeof testbench>>;
	beforeAll(async () => {
		bench = await testbench(kernel);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	it("are one object to every check", async () => {
		const pkg = await packageOf(link("entry.o", "lib/verdict.o"));
		expect(pkg.objects.map(({ file, programs }) => [file, programs.map(({ name }) => name)])).toEqual([
			["tool.bpf.o", ["entry"]],
		]);
		expect(canonicalFiles(pkg.manifest)).toEqual(["bpfgate.json", "entry.o", "lib/verdict.o", "all.json"]);
		const loaded = await bench.check(pkg, loadCheck);
		expect([...loaded].map(([name, { outcome }]) => [name, outcome])).toEqual([
			["program/entry", "pass"],
			["attach/entry", "pass"],
		]);
		expect((await bench.check(pkg, vectorsCheck)).get("all/any")?.outcome).toBe("pass");
	});

	it("fail without the object that has a function, which the hint says", async () => {
		const findings = await bench.check(await packageOf({ file: "entry.o" }), loadCheck);
		expect(findings.get("program/entry")?.reason).toMatchObject({
			code: "undefined-symbol",
			message: expect.stringContaining("verdict_of"),
			hint: expect.stringContaining("objects[].link in the manifest"),
		});
	});
});

describe("objects that do not fit together", () => {
	it.each([
		[
			["lib/verdict.o", "entry.o", "again.o"],
			"/link: cannot be linked: lib/verdict.o and again.o define verdict_of",
		],
		[
			["entry.o", "larger.o"],
			"/link: cannot be linked: entry.o and larger.o declare hits differently: map max_entries mismatch",
		],
		[["entry.o", "none.o"], '/link/1: "none.o" is missing from the package'],
		[["entry.o", "../x.o"], '/link/1: "../x.o" leads out of the package'],
	])("%j", async (parts, message) => {
		await expect(packageOf(link(...parts))).rejects.toThrow(`bpfgate.json: /objects/0${message}`);
	});

	it("a part that is no object is named, and so is a name that is taken", async () => {
		await expect(packageOf(link("entry.o", "text.o"))).rejects.toThrow(/text\.o: .*not an ELF/);
		await expect(packageOf({ ...link("entry.o"), file: "again.o" })).rejects.toThrow(
			"/objects/0/file: is in the package: give the linked object another name",
		);
	});

	it("give an object or an InputError, whatever their bytes", async () => {
		const place = { file: "bpfgate.json", pointer: "/objects/0/link" };
		for (let at = 0; at < entry.length; at += Math.ceil(entry.length / 60)) {
			const bytes = Uint8Array.from(entry);
			bytes.set([0xff, 0xff], at);
			const parts = [
				{ file: "entry.o", bytes },
				{ file: "verdict.o", bytes: verdict },
			];
			const linked = await linkObjects(parts, place).catch((error: unknown) => error);
			if (!(linked instanceof Uint8Array)) expect(linked).toBeInstanceOf(InputError);
		}
	});
});
