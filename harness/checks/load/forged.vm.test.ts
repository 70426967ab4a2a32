// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";
import { packageOf, said } from "./testload.js";

const kernels = ["5.10", "6.12", "7.3"];

it("a program that stays attached decides nothing about the program after it", async () => {
	const packages = [await packageOf("forged-attach")];
	const { results } = await resultsOf({ packages, kernels, checks: [loadCheck] });
	for (const id of kernels)
		expect(results.filter(({ kernel }) => kernel === id).map((each) => `${each.case} ${said(each)}`)).toEqual(
			[
				"program/forge pass",
				"program/probe_absent pass",
				"attach/forge pass",
				"leftovers/forged-attach.bpf.o fail leftovers",
				"attach/probe_absent fail attach-symbol-missing",
			],
		);
});
