// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { resultsOf } from "../run/testrun.js";
import { checks } from "./checks.js";
import { honest, hostilePackage } from "./testhostile.js";

/** Of syscall programs, which 5.10 does not have. */
const tooNew = (kernel: string, name: string) => kernel === "5.10" && name === "nothing-by-calls";

it("packages that could forge and do not are green, and nothing of them is skipped without need", async () => {
	const packages = await Promise.all(honest.map(hostilePackage));
	const { results } = await resultsOf({ packages, kernels: ["5.10", "7.3"], checks });
	const wrong = results.filter(
		({ kernel, package: name, case: of, outcome }) =>
			// `package` reads the folder, which is removed by now.
			!(outcome === "pass" || of === "package" || (outcome === "skip" && tooNew(kernel, name))),
	);
	expect(
		wrong.map(({ kernel, package: name, case: of, reason }) => [kernel, name, of, reason?.code]),
	).toEqual([]);
	for (const { forges, from } of honest)
		for (const kernel of from === "5.10" ? ["5.10", "7.3"] : ["7.3"])
			expect(
				results.filter((each) => each.package === forges && each.kernel === kernel).length,
			).toBeGreaterThan(0);
});
