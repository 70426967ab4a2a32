// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../base/results.js";
import { readCatalog } from "../machine/kernel/catalog.js";
import { openKernel } from "../machine/kernel/store.js";
import { resultsOf } from "../run/testrun.js";
import { type Hostile, hostile, hostilePackage } from "./testhostile.js";

/** `BPFGATE_HOSTILE_KERNELS=all` runs them on every kernel of the catalog. */
const all = (await readCatalog()).lines.map(({ id }) => id);
const kernels = process.env.BPFGATE_HOSTILE_KERNELS === "all" ? all : ["5.10", "7.3"];

/** Those of them on which it can forge; else the newest such one. Chains of tc need a module. */
async function ableOf({ from, to = all.at(-1)!, check }: Hostile): Promise<string[]> {
	const able = all.slice(all.indexOf(from), all.indexOf(to) + 1);
	const chosen = able.filter((id) => kernels.includes(id));
	if (chosen.length === 0) return able.slice(-1);
	if (check.name !== "chain") return chosen;
	const opened = await Promise.all(chosen.map((id) => openKernel(id)));
	return opened.filter(({ modules }) => modules !== undefined).map(({ id }) => id);
}

const said = ({ outcome, reason }: CaseResult) => [outcome, reason?.code].join(" ").trim();

/** What is said of the cases that the package wants to forge, on each kernel where it can. */
async function judged(each: Hostile) {
	const { check, truth } = each;
	const packages = [await hostilePackage(each)];
	const able = await ableOf(each);
	const { results } = await resultsOf({ packages, kernels: able, checks: [check] });
	return able.map((id) => [
		id,
		Object.fromEntries(
			Object.keys(truth).map((name) => [
				name,
				results
					.filter((each) => each.kernel === id && each.case === name)
					.map(said)
					.join(", "),
			]),
		),
	]);
}

describe("a package that forges", () => {
	it.each(hostile)("$forges gets the verdict that it deserves", async (each) => {
		const able = await ableOf(each);
		expect(able.length).toBeGreaterThan(0);
		expect(await judged(each)).toEqual(able.map((id) => [id, each.truth]));
	});
});
