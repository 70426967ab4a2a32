// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { compiled } from "../../lab/subject/session/testsession.js";
import { resultsOf } from "../../run/testrun.js";
import { vectorsCheck } from "./vectors-check.js";

const folder = fileURLToPath(new URL("testdata/forged/", import.meta.url));
/** Syscall programs can attach others since 5.19. */
const kernels = ["6.12", "7.3"];

it("a syscall program that attaches another decides no vector but its own", async () => {
	const vectors = await readFile(`${folder}planted.yaml`, "utf8");
	const packages = [await compiled("planted", `${folder}planted.bpf.c`, vectors)];
	const { results } = await resultsOf({ packages, kernels, checks: [vectorsCheck] });
	const found = results.map(({ kernel, outcome, reason, ...of }) => [kernel, of.case, outcome, reason?.code]);
	for (const id of kernels)
		expect(found.filter(([kernel]) => kernel === id)).toEqual([
			[id, "planted/plants", "pass", undefined],
			[id, "leftovers", "fail", "leftovers"],
			[id, "planted/passes", "fail", "vector-mismatch"],
		]);
});
