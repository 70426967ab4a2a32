// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { openPackage } from "../../data/package/package.js";
import { disagreements } from "../../data/vectors/drift.js";
import { vectorFile } from "../../data/vectors/explore/saved.js";
import type { Vector } from "../../data/vectors/schema.js";
import { suiteOf } from "../../data/vectors/suite.js";
import { testbench } from "../../lab/subject/session/testsession.js";
import { compiledExplored, explored, vectorsOf } from "./testexplore.js";

const listed = "    maps_before: { sources: { 192.0.2.1: 1, 192.0.2.9: 1 } }";

describe("exploring", () => {
	it("finds what only a listed source with options causes, and makes it small", async () => {
		const pkg = await compiledExplored(vectorsOf("differs", listed));
		const { results, finds } = await explored(pkg, ["5.10", "6.12", "7.3"], 300, 3);
		expect(finds).toMatchObject([
			{
				kernel: "between",
				kernels: ["5.10", "6.12", "7.3"],
				check: "vectors",
				case: expect.stringMatching(/^explore\/differs\/[0-9a-f]{8}$/),
				outcome: "fail",
				reason: {
					code: "explore-disagreement",
					message: expect.stringMatching(
						/^differs: retval is XDP_PASS on 5.10, XDP_DROP on 6.12, 7.3, given explored\/plain with ipv4\./,
					),
				},
				evidence: {
					facts: {
						retval: [
							{ kernels: ["5.10"], value: "XDP_PASS" },
							{ kernels: ["6.12", "7.3"], value: "XDP_DROP" },
						],
					},
					vector: {
						maps_before: { sources: { "192.0.2.1": 1 } },
						packet: { layers: [{ eth: {} }, { ipv4: { options: ["nop"] } }] },
					},
				},
			},
		]);
		expect(results.filter(({ outcome }) => outcome === "pass")).toMatchObject(
			["5.10", "6.12", "7.3"].map((kernel) => ({
				kernel,
				case: "explore/explored.bpf.o/differs",
				evidence: { mutants: 300, seed: 1, finds: 1, kernels: ["5.10", "6.12", "7.3"] },
			})),
		);
	});

	it("finds the same for any order of the kernels", async () => {
		const pkg = await compiledExplored(vectorsOf("differs", listed));
		const [one, other] = [
			await explored(pkg, ["5.10", "6.12", "7.3"], 150, 3),
			await explored(pkg, ["7.3", "6.12", "5.10"], 150, 2),
		];
		expect(one.finds).toHaveLength(1);
		expect(other.finds.map((each) => [each.case, each.kernel])).toEqual(
			one.finds.map((each) => [each.case, each.kernel]),
		);
		expect(other.finds[0]?.evidence.packets).toEqual(one.finds[0]?.evidence.packets);
	});

	it("finds a return value that the program type does not have", async () => {
		const { finds } = await explored(await compiledExplored(vectorsOf("strays")), ["6.12"], 1000);
		expect(finds).toMatchObject([
			{
				reason: {
					code: "explore-retval",
					message: expect.stringMatching(
						/^strays: returns 77, which programs of type xdp do not have: .* on 6.12, given explored\/plain with .*tot_len/,
					),
				},
				evidence: { vector: { packet: { layers: [{ eth: {} }, { ipv4: { tot_len: 65535 } }] } } },
			},
		]);
	});

	it("finds a packet that becomes larger than a frame", async () => {
		const { finds } = await explored(await compiledExplored(vectorsOf("grows")), ["6.12"], 500);
		expect(finds).toMatchObject([{ reason: { code: "explore-output-size" } }]);
		expect(finds[0]?.reason?.message).toMatch(
			/^grows: turns \d+ bytes into 1\d{3}, more than the largest Ethernet frame has/,
		);
	});

	it("finds nothing in a correct program, nor in random results", async () => {
		const sound = await explored(await compiledExplored(vectorsOf("sound", listed)), ["5.10", "6.12"], 200);
		expect(sound.finds).toEqual([]);
		const chance = await explored(await compiledExplored(vectorsOf("gambles")), ["5.10", "6.12"], 200);
		expect(chance.finds).toEqual([]);
		expect(chance.results[0]?.evidence.unstable).toBeGreaterThan(0);
	});

	it("ends with an error of each kernel when the time is over", async () => {
		const pkg = await compiledExplored(vectorsOf("sound", listed));
		const { results } = await explored(pkg, ["5.10", "6.12"], 200, 2, undefined, 1);
		expect(results.map(({ kernel, outcome, reason }) => [kernel, outcome, reason?.code])).toEqual([
			["5.10", "error", "cell-timeout"],
			["6.12", "error", "cell-timeout"],
		]);
	});

	it("says that one kernel alone cannot disagree", async () => {
		const { results, finds } = await explored(
			await compiledExplored(vectorsOf("differs", listed)),
			["6.12"],
			200,
		);
		expect(finds).toEqual([]);
		expect(results[0]?.evidence.note).toBe("one kernel alone cannot disagree; choose two or more");
	});

	it("finds nothing in xdp-filter on three kernels", async () => {
		const pkg = await openPackage(fileURLToPath(new URL("../../../programs/xdp-filter", import.meta.url)));
		const vectors = suiteOf(pkg).vectors.filter(({ subject }) => subject.program.name === "xdp_filter");
		expect(vectors.length).toBeGreaterThan(3);
		const { results, finds } = await explored(pkg, ["5.10", "6.12", "7.3"], 300, 3);
		expect(finds).toEqual([]);
		for (const { evidence } of results) expect(evidence.mutants).toBe(300);
	});

	it("saves finds as vectors, which drift shows from then on", async () => {
		const pkg = await compiledExplored(vectorsOf("differs", listed));
		const { finds } = await explored(pkg, ["5.10", "6.12"], 200);
		const saved = finds.map(({ evidence }) => evidence.vector as Vector);
		const file = vectorFile("finds", saved);
		const results: CaseResult[] = [];
		const added = await compiledExplored(file);
		expect(suiteOf(added).invalid).toEqual([]);
		for (const kernel of ["5.10", "6.12"]) {
			await using bench = await testbench(kernel);
			for (const finding of (await bench.check(added)).values())
				results.push({ package: "explored", kernel, check: "vectors", duration_ms: 0, ...finding });
		}
		expect(results.map(({ outcome }) => outcome)).toEqual(["pass", "pass"]);
		expect([...disagreements(results).keys()]).toEqual([`explored/${saved[0]?.name}`]);
	});
});
