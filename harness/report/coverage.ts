// SPDX-License-Identifier: Apache-2.0
import { CoverageEvidence } from "../results/coverage.js";
import type { Results } from "../results/results.js";
import { validator } from "../schema/validate.js";

const evidence = validator(CoverageEvidence);

/** One program whose coverage was measured. */
export interface Measured {
	package: string;
	kernel: string;
	coverage: CoverageEvidence;
}

/** What was measured in a run, in the order of its results; empty without `--coverage`. */
export function coverageOf(results: Results): Measured[] {
	return results.results.flatMap((result) => {
		const { coverage } = result.evidence;
		if (result.check !== "vectors" || !evidence.accepts(coverage)) return [];
		return [{ package: result.package, kernel: result.kernel, coverage }];
	});
}

/** `12 of 16`, with what is not known: `12 of 16 (1 not measured)`. */
export function share({ reached, total, unmeasured = 0 }: Share): string {
	return `${reached} of ${total}${unmeasured > 0 ? ` (${unmeasured} not measured)` : ""}`;
}

interface Share {
	reached: number;
	total: number;
	unmeasured?: number;
}

/** The last part of a path that a compiler wrote, which may be of another machine: `filter.bpf.c:12-15`. */
export function shortPlace(place: string): string {
	return place.replace(/^.*\//, "");
}
