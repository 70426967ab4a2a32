// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { fuzz } from "./run.js";
import { targets } from "./targets.js";

/** The same inputs in each run; `npm run fuzz` tries others, and more. */
it.each(targets)("$name takes its seeds, and changed ones without a fault", async (target) => {
	const { fault, accepted, refused } = await fuzz(target, { seed: 1, runs: 400 });
	expect(fault?.message).toBeUndefined();
	expect(accepted).toBeGreaterThan(0);
	expect(accepted + refused).toBeGreaterThan(400);
});
