// SPDX-License-Identifier: Apache-2.0
import type { Results } from "../base/results.js";
import { openKernel } from "../machine/kernel/store.js";
import type { TestRequest } from "./demands.js";
import { testPackages } from "./test-packages.js";

/** What a test asks for: kernels by their names in the store, two jobs unless it says otherwise. */
type Asked = Omit<TestRequest, "kernels" | "jobs" | "signal"> & { kernels: readonly string[]; jobs?: number };

/** The results of a whole run. */
export async function resultsOf({ kernels, jobs = 2, ...asked }: Asked): Promise<Results> {
	const opened = await Promise.all(kernels.map((name) => openKernel(name)));
	const { signal } = new AbortController();
	for await (const event of testPackages({ ...asked, kernels: opened, jobs, signal }))
		if (event.type === "run-end") return event.results;
	throw new Error("the run did not end");
}
