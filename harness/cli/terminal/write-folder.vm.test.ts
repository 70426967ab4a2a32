// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CaseResult, Results } from "../../base/results.js";
import { documentOf } from "../../base/testresults.js";
import { writePcapng } from "../../data/capture/write.js";
import { build } from "../../data/packet/build.js";
import { rewriter, testbench } from "../../lab/subject/session/testsession.js";
import type { FolderOutput } from "../../report/output.js";
import { outputs } from "../../report/outputs.js";
import { pretty } from "../../report/pretty.js";
import { writeFolder } from "./write-folder.js";

let bench: Awaited<ReturnType<typeof testbench>>;
const captures = outputs.find(({ name }) => name === "captures") as FolderOutput;
const writeCaptures = (to: string, results: Results) => writeFolder(to, captures, results);
let folder: string;
beforeAll(async () => {
	bench = await testbench("6.12");
	folder = await mkdtemp(join(tmpdir(), "bpfgate-captures-"));
});
afterAll(async () => {
	await bench[Symbol.asyncDispose]();
	await rm(folder, { recursive: true });
});

async function resultsOf(...defines: string[]): Promise<CaseResult[]> {
	const findings = await bench.check(await rewriter(defines));
	return [...findings.values()].map((finding) => ({
		package: "rewriter",
		kernel: "6.12",
		check: "vectors",
		duration_ms: 0,
		...finding,
	}));
}

/**
 * The rows that tshark reads of a capture, without the name of the case in front of each comment.
 */
async function rows(path: string, ...names: string[]): Promise<string[][]> {
	const fields = names.flatMap((name) => ["-e", name]);
	const format = ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=;", "-o", "ip.check_checksum:TRUE"];
	const { stdout } = await execa("tshark", ["-n", "-r", join(folder, path), ...format, ...fields]);
	return stdout.split("\n").map((line) => line.split("\t"));
}
const columns = ["frame.interface_name", "ip.ttl", "ip.checksum.status", "frame.comment"];

it("shows tshark what went in, what should have come out and what did", async () => {
	const results = await resultsOf("MUTANT_CHECKSUM_NOT_UPDATED");
	await writeCaptures(folder, documentOf(results));
	const name = "rewriter/decrements-ttl of rewriter on 6.12, packet";
	expect(await rows("rewriter/6.12/rewriter/decrements-ttl.pcapng", ...columns)).toEqual([
		["input", "64", "1", `${name};input;retval XDP_PASS, expected XDP_PASS`],
		[
			"expected",
			"63",
			"1",
			`${name};expected, the actual packet with the fields of the vector, lengths and checksums adjusted`,
		],
		[
			"actual",
			"63",
			"0",
			`${name};actual;retval XDP_PASS, expected XDP_PASS;ipv4.check: expected 0x8f93, got 0x8e93`,
		],
	]);
	const exact = await rows("rewriter/6.12/rewriter/exact-packet.pcapng", "frame.interface_name", "ip.ttl");
	expect(exact).toEqual([
		["input", "10"],
		["expected", "9"],
		["actual", "9"],
	]);
	const text = pretty(documentOf(results), { width: 80, colour: false, unicode: true }, "out");
	expect(text).toContain("*   check    0x8f93                         | 0x8e93 wrong, should be 0x8f93\n");
	expect(text).toContain("    packets: out/rewriter/6.12/rewriter/decrements-ttl.pcapng\n");
});

it("has every packet of a sequence, and takes the earlier run's captures away", async () => {
	await writeCaptures(folder, documentOf(await resultsOf("MUTANT_VERDICTS_SWAPPED")));
	const read = await rows("rewriter/6.12/rewriter/session.pcapng", "frame.interface_name", "frame.comment");
	expect(read.map(([side]) => side)).toEqual([
		"input",
		"expected",
		"actual",
		"input",
		"actual",
		"input",
		"actual",
	]);
	expect(read[2]?.[1]).toContain("packet 1 of 3;actual;retval XDP_DROP, expected XDP_PASS;");
	expect(read[4]?.[1]).toContain("retval: expected XDP_DROP, got XDP_PASS");
	expect(await readdir(join(folder, "rewriter/6.12/rewriter"))).not.toContain("exact-packet.pcapng");
});

it("writes none for a run that passes, and leaves none of before", async () => {
	const results = await resultsOf();
	expect(results.map(({ outcome }) => outcome)).toEqual(results.map(() => "pass"));
	await writeCaptures(folder, documentOf(results));
	expect(await readdir(folder)).toEqual([]);
});

it("runs each frame of a capture, as cases and as packets of a sequence", async () => {
	const frames = [9, 1, 9, 5].map((ttl) => ({ bytes: build([{ eth: {} }, { ipv4: { ttl } }, { udp: {} }]) }));
	const vectors = [
		"program: route",
		"vectors:",
		"  - name: each",
		'    packet: { pcap: some.pcapng, frames: "1-3" }',
		"    expect: { retval: XDP_PASS, maps_after: { verdicts: { FORWARDED: 1 } } }",
		'    each: { "2": { retval: XDP_DROP, packet: unchanged, maps_after: { verdicts: { EXPIRED: 1 } } } }',
		"  - name: all",
		"    sequence:",
		'      - packet: { pcap: some.pcapng, frames: "1-" }',
		"        expect: { retval: XDP_PASS }",
		"    expect: { maps_after: { verdicts: { FORWARDED: 3, EXPIRED: 1 } } }",
	].join("\n");
	const pkg = await rewriter([], () => vectors, { "some.pcapng": writePcapng(frames) });
	const findings = await bench.check(pkg);
	expect([...findings.values()].map(({ case: name, outcome }) => [name, outcome])).toEqual([
		["rewriter/each/1", "pass"],
		["rewriter/each/2", "pass"],
		["rewriter/each/3", "pass"],
		["rewriter/all", "fail"],
	]);
	expect(findings.get("rewriter/all")?.evidence.mismatches).toEqual([
		"packet 2 (frame 2): retval: expected XDP_PASS, got XDP_DROP",
	]);
	const wrong = await bench.check(
		await rewriter(["MUTANT_VERDICTS_SWAPPED"], () => vectors, { "some.pcapng": writePcapng(frames) }),
	);
	expect([...wrong.values()].map(({ outcome }) => outcome)).toEqual(["fail", "fail", "fail", "fail"]);
	expect(wrong.get("rewriter/each/2")?.evidence.mismatches).toEqual([
		"retval: expected XDP_DROP, got XDP_PASS",
	]);
});
