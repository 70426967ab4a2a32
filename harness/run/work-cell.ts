// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from "../base/results.js";
import type { Package } from "../data/package/package.js";
import { CellLimit } from "../lab/cell-limit.js";
import type { Check, CheckRun, Finding } from "../lab/check.js";
import { tooLargeForHost } from "../lab/guest-size.js";
import type { PackageBudget } from "../lab/package-budget.js";
import { unmet } from "../lab/requirements.js";
import { runCases } from "../lab/run-cases.js";
import { chooseVariants } from "../lab/subject/attach/choose-variants.js";
import { CellWorkbench, type Lent, splatFindings } from "../lab/workbench.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { type CellTime, timeoutOf } from "./cell-timeout.js";
import { type Demands, demanded, selected } from "./demands.js";
import { expected } from "./expectations.js";
import { type Fitting, fitted } from "./fitted-kernel.js";

/** A check with what it is in this run. */
export interface Asked {
	check: Check;
	run: CheckRun;
}

/** A package on a kernel. */
export interface Cell {
	pkg: Package;
	kernel: Kernel;
	/** The time of the package on all kernels. */
	budget?: PackageBudget;
}

/** What of a run decides how it works on a cell. */
export interface CellOptions extends Lent, Demands, Fitting, CellTime {}

/**
 * Runs checks of a package on a kernel.
 * @param releases gets the kernel's release, as its guest says it
 */
export async function* workCell(
	{ pkg: given, kernel: plain, budget }: Cell,
	asked: readonly Asked[],
	options: CellOptions,
	releases: Map<string, string>,
): AsyncIterable<CaseResult> {
	const kernel = await fitted(plain, given, options);
	const cases = asked.flatMap(({ run }) => run.cases(given)).length;
	const limit = new CellLimit(kernel.id, timeoutOf(given, cases, options), undefined, budget);
	try {
		const pkg = await withChoices(given, kernel, { ...options, limit });
		for (const { check, run } of asked) {
			for await (const finding of findings(check.name, run, pkg, kernel, { ...options, limit }, releases)) {
				const wanted = selected(options, check.name, finding.case) || finding.case.startsWith("kernel-log/");
				if (!wanted) continue;
				const judged = expected(pkg.manifest, check.name, [kernel.id], finding, options);
				const { duration_ms = 0, ...rest } = demanded(judged, [kernel.id], options);
				yield { package: pkg.name, kernel: kernel.id, check: check.name, ...rest, duration_ms };
			}
		}
	} finally {
		limit.close();
	}
}

/** The package with the variants that the kernel takes; as it is where nothing of it is loaded. */
async function withChoices(pkg: Package, kernel: Kernel, options: CellOptions & { limit: CellLimit }) {
	if (pkg.variants.length === 0 || tooLargeForHost(pkg)) return pkg;
	if (await unmet(pkg.manifest, kernel, options.features)) return pkg;
	options.guests.expect(kernel);
	const bench = new CellWorkbench(kernel, options);
	try {
		return await chooseVariants(pkg, bench);
	} finally {
		await bench.retire();
	}
}

async function* findings(
	name: string,
	check: CheckRun,
	pkg: Package,
	kernel: Kernel,
	options: CellOptions & { limit: CellLimit },
	releases: Map<string, string>,
): AsyncIterable<Finding> {
	const bench = new CellWorkbench(kernel, options);
	const cases = check.cases(pkg);
	const open = new Set(cases);
	options.limit.nextCase = () => {
		const [next] = open;
		return next === undefined ? undefined : `${name}/${next}`;
	};
	try {
		yield* runCases(bench, {
			cases,
			after: `all cases of ${pkg.name} ended`,
			async *run() {
				const skipped = tooLargeForHost(pkg) ?? (await unmet(pkg.manifest, kernel, options.features));
				if (skipped) {
					for (const name of cases) yield { case: name, outcome: "skip", ...skipped };
					return;
				}
				releases.set(kernel.id, (await bench.guest()).greeting.release);
				for await (const finding of options.limit.within(check.run(pkg, bench))) {
					open.delete(finding.case);
					yield finding;
				}
			},
		});
	} finally {
		await bench.retire();
	}
	yield* splatFindings(bench.splats);
}
