// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from "../../../base/results.js";
import type { Package } from "../../../data/package/package.js";
import type { TestRequest } from "../../../run/demands.js";
import { follow } from "../../terminal/progress.js";
import type { Engine } from "../test.js";

/** What checks find where they run only because a user named them. */
interface NamedFindings {
	cases: number;
	/** A line for each `error`. */
	errors: string[];
	interrupted: boolean;
}

/**
 * Runs each check, as if named on the command line, on the packages that it does not suit; on the
 * oldest and the newest kernel, because each lacks or has what those between do. They may fail it,
 * lack what it needs, or test nothing: only an `error` is wrong. Costly checks run on every tenth.
 */
export async function checkByName(
	{ checks, run }: Pick<Engine, "checks" | "run">,
	request: Omit<TestRequest, "checks" | "named">,
): Promise<NamedFindings> {
	const { packages, chains = [] } = request;
	const kernels = [...new Set([request.kernels[0]!, request.kernels.at(-1)!])];
	const context = { packages, kernels, chains, coverage: false };
	const found: NamedFindings = { cases: 0, errors: [], interrupted: false };
	for (const check of checks) {
		const unsuited = packages.filter((pkg: Package) => !check.suits(pkg, context));
		if (unsuited.length === 0 || found.interrupted) continue;
		const tried = check.costly ? unsuited.filter((_, index) => index % 10 === 0) : unsuited;
		const { run: record, results } = await follow(
			run({ ...request, kernels, packages: tried, checks: [check], named: true, allowEmpty: true }),
		);
		found.cases += results.length;
		found.errors.push(...results.filter(({ outcome }) => outcome === "error").map(line));
		found.interrupted = record.interrupted;
	}
	return found;
}

const line = ({ package: name, kernel, check, case: of, reason }: CaseResult) =>
	`${name} on ${kernel}: ${check}/${of}, by name: error (${reason?.code}): ${reason?.message}`;
