// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CoverageEvidence, linesIn } from "../../../base/coverage-record.js";
import { validator } from "../../../base/validate.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { suiteOf } from "../../../data/vectors/suite.js";
import type { Finding } from "../../../lab/check.js";
import { testbench } from "../../../lab/subject/session/testsession.js";
import { findTool } from "../../../machine/guest/tool.js";
import { runAgain, stillDiffering } from "../second-look.js";
import { vectorsCheck, vectorsRun } from "../vectors-check.js";
import { measuring } from "./measure-coverage.js";

const source = fileURLToPath(new URL("../testdata/coverage/branches.bpf.c", import.meta.url));
const libbpf = fileURLToPath(new URL("../../../../build/libbpf/", import.meta.url));
const evidence = validator(CoverageEvidence);

/** A vector of a 16-byte packet: its first byte, and the last two. */
interface Packet {
	program?: string;
	first?: number;
	kind?: number;
	more?: number;
	volatile?: string[];
	/** Sends a frame that is too short for the program. */
	short?: boolean;
}

const objects = new Map<string, Promise<Uint8Array>>();

/** testdata/coverage compiled, once for the same flags. */
function compiled(flags: readonly string[]): Promise<Uint8Array> {
	const key = flags.join(" ");
	const known = objects.get(key) ?? compile(flags);
	objects.set(key, known);
	return known;
}

async function compile(flags: readonly string[]): Promise<Uint8Array> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-coverage-"));
	try {
		const object = join(folder, "branches.bpf.o");
		await execa(await findTool("clang"), [
			...["-target", "bpf", "-O2", "-g", "-Wall", "-Werror"],
			...(flags.length > 0 ? flags : ["-mcpu=v3"]),
			...["-isystem", `${libbpf}include`, "-isystem", `${libbpf}uapi`],
			...["-idirafter", `/usr/include/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`],
			...["-c", source, "-o", object],
		]);
		await execa(await findTool("llvm-strip"), ["-g", object]);
		return await readFile(object);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** testdata/coverage with a vector for each packet. */
async function branches(packets: readonly Packet[], ...flags: string[]): Promise<Package> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-coverage-"));
	try {
		await writeFile(join(folder, "branches.bpf.o"), await compiled(flags));
		const byte = (value = 0) => value.toString(16).padStart(2, "0");
		const vectors = packets.map(({ program = "branch", first, kind, more, volatile, short }, index) => ({
			name: `v${index}`,
			program,
			packet: { hex: `${byte(first)}${"00".repeat(13)}${short ? "" : byte(kind) + byte(more)}` },
			...(volatile ? { volatile } : {}),
		}));
		await writeFile(join(folder, "v.json"), JSON.stringify({ vectors }));
		const manifest = { name: "branches", version: "1", objects: ["branches.bpf.o"], vectors: ["v.json"] };
		await writeFile(join(folder, "bpfgate.json"), JSON.stringify(manifest));
		return await openPackage(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

const marks: [mark: string, line: number][] = (await readFile(source, "utf8"))
	.split("\n")
	.flatMap((text, index): [string, number][] => {
		const mark = /\/\* ([a-z-]+) \*\/$/.exec(text)?.[1];
		return mark === undefined ? [] : [[mark, index + 1]];
	});

const measured = (kernel: string) => ({
	...vectorsCheck,
	create: () => measuring(vectorsRun, kernel),
});

describe.each(["5.10", "6.12", "7.3"])("coverage on %s", (kernel) => {
	let bench: Awaited<ReturnType<typeof testbench>>;
	beforeAll(async () => {
		bench = await testbench(kernel);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	const check = async (packets: readonly Packet[], ...flags: string[]): Promise<Map<string, Finding>> =>
		bench.check(await branches(packets, ...flags), measured(kernel));

	const coverageIn = (findings: Map<string, Finding>, program: string) => {
		const finding = findings.get(`coverage/branches.bpf.o/${program}`);
		expect(finding).toMatchObject({ outcome: "pass" });
		const found = finding?.evidence.coverage;
		if (!evidence.accepts(found)) throw new Error(`no coverage of ${program}`);
		return found;
	};

	/** Marks of the lines of one program that were reached and missed. */
	function marked(findings: Map<string, Finding>, program: string) {
		const { files } = coverageIn(findings, program);
		const file = files.find(({ file }) => file.endsWith("branches.bpf.c"));
		const named = (ranges = "") => {
			const lines = new Set(linesIn(ranges));
			return marks.filter(([, line]) => lines.has(line)).map(([mark]) => mark);
		};
		return { reached: named(file?.reached), missed: named(file?.missed) };
	}

	const inBranch = marks
		.map(([mark]) => mark)
		.filter((mark) => !/^(landed|callback|bpf-loop|may-goto|near|far)/.test(mark));

	it.each<[Packet, string[]]>([
		[{}, ["plain"]],
		[{ short: true }, []],
		[{ kind: 1, more: 3 }, ["subprogram", "subprogram-small"]],
		[{ kind: 1, more: 30 }, ["subprogram", "subprogram-large"]],
		[{ kind: 2, more: 3 }, ["global", "global-small"]],
		[{ kind: 2, more: 30 }, ["global", "global-large"]],
		[{ kind: 3 }, ["loop"]],
		[{ kind: 3, first: 1 }, ["loop", "loop-odd"]],
		[{ kind: 4, more: 0 }, ["tail-call"]],
		[{ kind: 4, more: 1 }, ["tail-call", "tail-call-failed"]],
		[{ kind: 5 }, ["wide"]],
	])("has the lines that %j reaches, and no others", async (packet, lines) => {
		const findings = await check([packet]);
		expect([...findings.values()].map(({ case: name, outcome }) => `${name}: ${outcome}`)).toEqual([
			"v/v0: pass",
			"coverage/branches.bpf.o/landed: pass",
			"coverage/branches.bpf.o/branch: pass",
		]);
		const found = marked(findings, "branch");
		expect(found.reached.sort()).toEqual([...lines].sort());
		expect(found.missed.sort()).toEqual(inBranch.filter((mark) => !lines.includes(mark)).sort());
		const landed = packet.kind === 4 && packet.more === 0;
		expect(marked(findings, "landed")).toEqual(
			landed ? { reached: ["landed"], missed: [] } : { reached: [], missed: ["landed"] },
		);
		expect(coverageIn(findings, "landed").instructions).toMatchObject({ reached: landed ? 7 : 0, total: 7 });
	});

	it("counts instructions, blocks and functions", async () => {
		const { instructions, blocks, vectors, files } = coverageIn(await check([{}]), "branch");
		// By llvm-objdump: 61 of branch, 15 of twice, 11 of scale.
		expect(instructions).toMatchObject({ reached: 17, total: 87, unmeasured: 0 });
		expect(blocks).toMatchObject({ reached: 7, unmeasured: 0 });
		expect(vectors).toBe(1);
		expect(
			files.flatMap(({ functions }) => functions.map(({ name, reached }) => [name, reached])).sort(),
		).toEqual([
			["branch", true],
			["scale", false],
			["twice", false],
		]);
	});

	it("loses exactly the line that only the removed vector reached", async () => {
		const all: Packet[] = [1, 2, 3, 4, 5].flatMap((kind) => [
			{ kind, more: 1, first: 1 },
			{ kind, more: 30 },
		]);
		const whole = await check([...all, {}]);
		expect(marked(whole, "branch").missed).toEqual([]);
		const { missed } = coverageIn(await check(all), "branch");
		const [, plain] = marks.find(([mark]) => mark === "plain") ?? [];
		expect(missed.map((place) => place.replace(/^.*\//, ""))).toEqual([`branches.bpf.c:${plain}`]);
	});

	const unroomy = async () => {
		const findings = await check([{ program: "wide_jump" }, { program: "wide_jump", first: 1 }]);
		expect(findings.get("v/v0")).toMatchObject({
			outcome: "pass",
			evidence: { actual: { retval: "XDP_PASS" } },
		});
		expect(findings.get("v/v1")).toMatchObject({
			outcome: "pass",
			evidence: { actual: { retval: "XDP_DROP" } },
		});
		expect(findings.get("coverage/branches.bpf.o/wide_jump")).toMatchObject({
			outcome: "skip",
			reason: { code: "not-measured", message: expect.stringMatching(/exceeds 16 bits/) },
		});
		expect(findings.get("coverage/branches.bpf.o/branch")).toMatchObject({ outcome: "pass" });
	};
	// The verifier of 7.3 takes seconds for it, and the result does not depend on the kernel.
	if (kernel !== "7.3") it("skips a program whose jumps have no room for probes", unroomy);

	it("blames probes only for what runs without them repeat", async () => {
		const findings = await check([{ program: "clock" }]);
		expect(coverageIn(findings, "clock").instructions).toMatchObject({ unmeasured: 0 });

		const { vectors } = suiteOf(await branches([{ program: "clock" }]));
		const { workbench } = bench;
		const [first] = (await runAgain(workbench, vectors)).get("v/v0") ?? [];
		if (!first) throw new Error("it did not run");
		const later = { ...first, "maps/.bss.landed_at": 1 };
		expect(await stillDiffering(workbench, vectors, new Map([["v/v0", [first, later]]]))).toEqual([]);
		const other = { ...later, retval: "XDP_DROP" };
		expect(await stillDiffering(workbench, vectors, new Map([["v/v0", [first, other]]]))).toEqual(["v/v0"]);
	});

	it("is measured only on the requested kernel", async () => {
		const findings = await bench.check(await branches([{}]), measured("another"));
		expect([...findings.keys()]).toEqual(["v/v0"]);
	});

	const flags = ["-mcpu=v4", "-DV4"];
	const refused = async () => {
		const findings = await check([{ program: "callback", first: 1 }], ...flags);
		expect(findings.get("coverage/branches.bpf.o/callback")).toMatchObject({
			outcome: "skip",
			reason: { code: "not-measured", message: expect.stringContaining("the kernel refuses it") },
		});
	};
	const followed = async () => {
		const one = await check(
			[
				{ program: "callback", first: 1 },
				{ program: "patient", first: 0 },
				{ program: "far", first: 1 },
			],
			...flags,
		);
		expect(marked(one, "callback")).toEqual({
			reached: ["callback", "bpf-loop"],
			missed: ["callback-odd"],
		});
		expect(marked(one, "patient")).toEqual({ reached: [], missed: ["may-goto"] });
		expect(marked(one, "far")).toEqual({ reached: ["far"], missed: ["near"] });
		const other = await check(
			[
				{ program: "callback", first: 2 },
				{ program: "patient", first: 200 },
				{ program: "far", first: 2 },
			],
			...flags,
		);
		expect(marked(other, "callback").missed).toEqual([]);
		expect(marked(other, "patient")).toEqual({ reached: ["may-goto"], missed: [] });
		expect(marked(other, "far")).toEqual({ reached: ["near"], missed: ["far"] });
	};
	if (kernel === "5.10") it("skips programs that the kernel refuses", refused);
	else it("follows callbacks, may_goto and far jumps", followed);
});
