// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type CaseResult, exitStatus, type Results } from "../../base/results.js";
import { openPackage, type Package } from "../../data/package/package.js";
import { compiled } from "../../lab/subject/session/testsession.js";
import { resultsOf } from "../../run/testrun.js";
import { vectorsCheck } from "./vectors-check.js";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function tested(pkg: Package, ids: string[], coverage = false): Promise<Results> {
	return resultsOf({ packages: [pkg], kernels: ids, checks: [vectorsCheck], coverage });
}

const told = ({ results }: Results) =>
	results.map(({ kernel, case: name, outcome }: CaseResult) => `${kernel} ${name} ${outcome}`);

it("finds no drift in the time, nor a disturbance by probes, and proposes volatile", async () => {
	const vectors =
		'vectors:\n  - { name: first, program: stamp, packet: { hex: "020000000001020000000002080600" } }\n';
	const pkg = await compiled("stamps", path("testdata/stamps/stamps.bpf.c"), vectors);
	const results = await tested(pkg, ["5.10", "7.3"], true);
	expect(told(results)).toEqual([
		"5.10 stamps/first pass",
		"7.3 stamps/first pass",
		"7.3 coverage/stamps.bpf.o/stamp pass",
		"between drift/stamps/first pass",
	]);
	expect(results.results.at(-1)).toMatchObject({
		kernels: ["5.10", "7.3"],
		evidence: {
			note: 'stamps/first: two runs on 5.10 and 7.3 differ in maps/seen[0], so kernels are not compared there; add to the vector: volatile: ["maps/seen[0]"]',
			volatile: ["maps/seen[0]"],
		},
	});
	expect(exitStatus(results)).toBe(0);

	const silent = await compiled(
		"stamps",
		path("testdata/stamps/stamps.bpf.c"),
		`volatile: ["maps/seen[0]"]\n${vectors}`,
	);
	expect(told(await tested(silent, ["5.10", "7.3"]))).toEqual([
		"5.10 stamps/first pass",
		"7.3 stamps/first pass",
	]);
});

it("finds a difference that both kernels repeat, and says nothing of either alone", async () => {
	const pkg = await openPackage(path("../../../programs/bad-drift"));
	const both = await tested(pkg, ["5.10", "7.3"]);
	const found = both.results.filter(({ kernel }) => kernel === "between");
	expect(found).toMatchObject([
		{
			case: "drift/telnet/behind-ip-options",
			kernels: ["5.10", "7.3"],
			outcome: "fail",
			reason: {
				code: "vector-drift",
				message: expect.stringMatching(
					/^telnet\/behind-ip-options: kernels give different results: retval is XDP_PASS on 5\.10, XDP_DROP on 7\.3/,
				),
			},
		},
	]);
	expect(exitStatus(both)).toBe(1);
	const alone = [...told(await tested(pkg, ["5.10"])), ...told(await tested(pkg, ["7.3"]))];
	expect(told(both).slice(0, -1)).toEqual(alone);
});
