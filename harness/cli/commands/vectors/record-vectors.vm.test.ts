// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPackage, type Package } from "../../../data/package/package.js";
import { compiled, rewriter, testbench } from "../../../lab/subject/session/testsession.js";
import { accepted, changedLines, proposeOn, text, withFile, withoutExpectations } from "./testpropose.js";

const testdata = fileURLToPath(new URL("testdata/", import.meta.url));
const programs = fileURLToPath(new URL("../../../../programs/", import.meta.url));

async function outcomes(pkg: Package, kernel: string): Promise<string[]> {
	await using bench = await testbench(kernel);
	return [...(await bench.check(pkg)).values()].map(({ case: name, outcome }) => `${name}: ${outcome}`);
}

describe("recorded on 6.12", () => {
	it("vectors pass on other kernels, and their files have no other changes", async () => {
		const original = await openPackage(`${programs}xdp-filter`);
		const stripped = withFile(original, withoutExpectations);
		const before = text(stripped.vectors[0]?.bytes);
		expect(before).not.toContain("expect:");
		const proposal = await proposeOn("6.12", stripped);
		expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [], files: [{ before }] });
		const after = proposal.files[0]?.after ?? "";
		expect(changedLines(before, after).filter((line) => line.startsWith("-"))).toEqual([]);
		expect(after).toContain("    expect:\n      retval: XDP_PASS\n      packet: unchanged\n");
		const recorded = accepted(stripped, proposal);
		for (const kernel of ["5.10", "7.3"]) {
			const found = await outcomes(recorded, kernel);
			expect(found.length).toBeGreaterThan(10);
			expect(found.filter((line) => !/: pass$|jumbo.*: skip$/.test(line))).toEqual([]);
		}
	});

	it("vectors name what changed: a packet, maps of many types, events", async () => {
		const yaml = await readFile(`${testdata}tally.yaml`, "utf8");
		const pkg = await compiled("tally", `${testdata}tally.bpf.c`, yaml);
		const proposal = await proposeOn("6.12", pkg, { vector: "tally/one" });
		expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [] });
		const [head = "", ...tail] = yaml.split("\n\n  - name: two");
		expect(proposal.files[0]?.after).toBe(
			`${head}
    expect:
      retval: XDP_TX
      packet:
        layers: [ { eth: { dst: 06:00:00:00:00:01, src: 02:00:00:00:00:02 } }, { payload: c6336401 } ]
      maps_after:
        seen:
          0:
            packets: "+1"
            length: "+18"
            state: BUSY
            source: 198.51.100.1
            type: 34997
            mac: 02:00:00:00:00:02
            label: frames
            history: [ 0, 0, 80 ]
            tail: { hex: "04030201" }
            bits: { high: 17 }
        pairs: [ { key: { from: 192.0.2.7, number: 7, kind: 1 }, value: 1 } ]
        prefixes: { 10.0.0.0/8: null, 198.51.100.0/24: 9 }
        .data: { balance: "+1" }
      events:
        records: [ { hex: "00000000000000001200000001000000" } ]

  - name: two${tail.join("")}`,
		);
	});

	it("vectors say what changed in which inner map", async () => {
		const packet = '{ layers: [ { eth: { dst: "02:00:00:00:00:01" } }, { payload: { length: 50 } } ] }';
		const yaml = `program: per_tenant
vectors:
  - name: tenant
    maps_before: { tenants: { 2: { entries: { 7: { packets: 40 }, 9: { packets: 1 } } }, 3: { entries: { 7: { packets: 3 } } } } }
    packet: ${packet}
`;
		const expected = `    expect:
      retval: XDP_PASS
      packet: unchanged
      maps_after:
        tenants: { 2: { entries: { 7: { packets: "+1", last_length: "+64" }, 9: null } } }
`;
		const source = fileURLToPath(
			new URL("../../../checks/vectors/testdata/types/types.bpf.c", import.meta.url),
		);
		const pkg = await compiled("types", source, yaml);
		const proposal = await proposeOn("6.12", pkg);
		expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [] });
		expect(proposal.files[0]?.after).toContain(expected);
		const wrong = withFile(accepted(pkg, proposal), (text) => text.replace("9: null", "9: { packets: 4 }"));
		const fixed = await proposeOn("6.12", wrong, { update: true });
		expect(fixed.unproven).toEqual([]);
		expect(fixed.files[0]?.after).toContain("9: null");
	});

	it("vectors leave out what differs between two runs, and the command says so", async () => {
		const yaml = await readFile(`${testdata}tally.yaml`, "utf8");
		const pkg = await compiled("tally", `${testdata}tally.bpf.c`, yaml, ["JITTERY"]);
		const proposal = await proposeOn("6.12", pkg);
		const facts = ["events/records[*", "maps/pairs[*", "maps/seen[0].last_ns"];
		expect(proposal).toMatchObject({
			left: [],
			unproven: [],
			unstable: [
				{ case: "tally/one", facts },
				{ case: "tally/two", facts },
			],
		});
		const after = proposal.files[0]?.after ?? "";
		expect(after).not.toContain("last_ns");
		expect(after).toContain("pairs: [ { key: { from: 192.0.2.7, number: 7, kind: 1 }, value: 1 } ]");
		expect(after).toMatch(/records: \[ \{ hex: "?[0-9a-f]{16}1200000001000000"?, mask: 0{16}f{16} \} \]/);
		const told = await compiled(
			"tally",
			`${testdata}tally.bpf.c`,
			after.replace("vectors:", `volatile: ${JSON.stringify(facts)}\nvectors:`),
			["JITTERY"],
		);
		expect(await proposeOn("6.12", told, { update: true })).toMatchObject({ files: [], unstable: [] });
	});

	it("vectors find the defects of a wrong program", async () => {
		const right = await rewriter([], withoutExpectations);
		const proposal = await proposeOn("6.12", right);
		expect(proposal).toMatchObject({ left: [], unstable: [], unproven: [] });
		const recorded = proposal.files[0]?.after ?? "";
		await using bench = await testbench("6.12");
		for (const [mutant, message] of [
			["MUTANT_CHECKSUM_NOT_UPDATED", /^ipv4\.check: expected/],
			["MUTANT_PAYLOAD_MANGLED", /^payload: expected/],
			["MUTANT_COUNTER_OFF_BY_ONE", /^map verdicts\[FORWARDED\]: expected \+1, got \+2/],
		] as const) {
			const finding = (await bench.check(await rewriter([mutant], () => recorded))).get(
				"rewriter/decrements-ttl",
			);
			expect(finding).toMatchObject({ outcome: "fail", reason: { code: "vector-mismatch" } });
			expect(finding?.evidence.mismatches).toContainEqual(expect.stringMatching(message));
		}
	});
});

it("leaves alone what the kernel cannot run", async () => {
	const pkg = withFile(await openPackage(`${programs}xdp-filter`), withoutExpectations);
	const proposal = await proposeOn("5.10", pkg, { vector: "filter/jumbo-frame-p*" });
	expect(proposal).toMatchObject({
		files: [],
		left: [
			{
				case: "filter/jumbo-frame-passes-and-counts-whole",
				outcome: "skip",
				reason: expect.stringContaining("5.10 has no multi-buffer XDP"),
			},
		],
	});
});
