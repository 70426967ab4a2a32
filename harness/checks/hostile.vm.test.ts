// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../base/results.js";
import { readCatalog } from "../machine/kernel/catalog.js";
import { resultsOf } from "../run/testrun.js";
import { type Hostile, hostile, hostilePackage } from "./testhostile.js";

/** `BPFGATE_HOSTILE_KERNELS=all` runs them on every kernel of the catalog. */
const all = (await readCatalog()).lines.map(({ id }) => id);
const kernels = process.env.BPFGATE_HOSTILE_KERNELS === "all" ? all : ["5.10", "7.3"];

/** Those of them on which it can forge; else the newest such one. */
function ableOf({ from, to = all.at(-1)! }: Hostile): string[] {
	const able = all.slice(all.indexOf(from), all.indexOf(to) + 1);
	const chosen = able.filter((id) => kernels.includes(id));
	return chosen.length > 0 ? chosen : able.slice(-1);
}

const said = ({ outcome, reason }: CaseResult) => [outcome, reason?.code].join(" ").trim();

/** What is said of the cases that the package wants to forge, on each kernel where it can. */
async function judged(each: Hostile) {
	const { check, truth } = each;
	const packages = [await hostilePackage(each)];
	const able = ableOf(each);
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
		expect(await judged(each)).toEqual(ableOf(each).map((id) => [id, each.truth]));
	});
});
