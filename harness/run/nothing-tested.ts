// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, Reason, UnloadedProgram } from "../base/results.js";
import { notLoaded } from "../data/package/autoload.js";
import { wildcard } from "../data/package/manifest/wildcard.js";
import type { Package } from "../data/package/package.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Check, CheckRun } from "../lab/check.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { type Demands, selected } from "./demands.js";

/** The end of a run, before it is known whether it proved anything. */
export interface Ended extends Demands {
	packages: readonly Package[];
	kernels: readonly Kernel[];
	asked: readonly { check: Check; run: CheckRun }[];
	/** The user named the checks: each must test something of each package. */
	named?: boolean | undefined;
	results: readonly CaseResult[];
}

/** Name of the case that stands for cases that should have been there. */
export const nothingTested = "nothing-tested";

/**
 * What keeps a run without failures from success: an `error` for each package that no case tested
 * (of each named check), and each filter without match; on a required kernel a `fail`. Announced
 * failures and cases about the kernel prove nothing.
 */
export function unproven(ended: Ended): CaseResult[] {
	const { packages, kernels, results, filter = [] } = ended;
	const unmatched = filter.filter(
		(pattern) => !results.some((result) => selected({ filter: [pattern] }, result.check, result.case)),
	);
	const everywhere = (pkg: Package, check: string, why: Reason) =>
		kernels.map(({ id }) => missing(pkg, id, check, "error", why));
	if (unmatched.length > 0) {
		const why = reason("filter-matches-nothing", {
			filter: unmatched.map((each) => JSON.stringify(each)).join(" and "),
		});
		const check = ended.asked[0]?.check.name ?? "load";
		return packages.flatMap((pkg) => everywhere(pkg, check, why));
	}
	return packages.flatMap((pkg) => {
		const required = unprovenCells(pkg, ended);
		if (required.length > 0 || ended.allowEmpty) return required;
		return questions(ended).flatMap((asked) => {
			const about = resultsAbout(pkg, asked, ended);
			if (filter.length > 0 && about.length === 0) return [];
			if (about.some(({ outcome }) => outcome === "fail" || outcome === "error")) return [];
			if (about.some((result) => proves(result, ended))) return [];
			const check = asked[0]?.check.name ?? "load";
			return everywhere(pkg, check, why(pkg, about, asked, ended));
		});
	});
}

/** Groups of checks: one check of each group must test something. */
function questions({ asked, named }: Ended): Ended["asked"][] {
	return named ? asked.map((one) => [one]) : [asked];
}

/** Required kernels on which nothing of the package was tested. */
function unprovenCells(pkg: Package, ended: Ended): CaseResult[] {
	const about = resultsAbout(pkg, ended.asked, ended);
	if (ended.filter && about.length === 0) return [];
	return (ended.require ?? []).flatMap((kernel) => {
		const here = about.filter((result) => result.kernel === kernel);
		const decided = here.some(
			(result) => result.outcome === "fail" || result.outcome === "error" || proves(result, ended),
		);
		if (decided) return [];
		const check = ended.asked[0]?.check.name ?? "load";
		return [missing(pkg, kernel, check, "fail", reason("required-untested", { package: pkg.name, kernel }))];
	});
}

/** The results of a package, and those of other packages that test it too. */
function resultsAbout(pkg: Package, asked: Ended["asked"], { results }: Ended): CaseResult[] {
	return asked.flatMap(({ check, run }) => {
		const others = run.casesWith?.(pkg) ?? [];
		return results.filter(
			(result) =>
				result.check === check.name &&
				(result.package === pkg.name ||
					others.some((other) => other.package === result.package && wildcard(other.cases)(result.case))),
		);
	});
}

function proves(result: CaseResult, { asked }: Ended): boolean {
	const check = asked.find(({ check: { name } }) => name === result.check)?.check;
	return (
		result.outcome === "pass" && !isAnnounced(result) && !(check?.aboutKernel?.includes(result.case) ?? false)
	);
}

const isAnnounced = ({ announced }: CaseResult) => announced !== undefined;

function why(pkg: Package, about: readonly CaseResult[], asked: Ended["asked"], { named }: Ended): Reason {
	const programs = pkg.objects.reduce((sum, object) => sum + object.programs.length, 0);
	const unloaded = notLoaded(pkg);
	const left: UnloadedProgram[] = about.length === 0 && unloaded.length === programs ? unloaded : [];
	const counts = {
		skipped: about.filter(({ outcome }) => outcome === "skip").length,
		announced: about.filter(isAnnounced).length,
	};
	return reason("nothing-tested", {
		package: pkg.name,
		checks: named ? asked.map(({ check }) => check.name) : [],
		notLoaded: left.map(({ program, section, by }) =>
			by === "section" ? `${program} (section ${section})` : `${program} (autoload is false in the manifest)`,
		),
		...counts,
	});
}

function missing(
	pkg: Package,
	kernel: string,
	check: string,
	outcome: "fail" | "error",
	why: Reason,
): CaseResult {
	const identity = { package: pkg.name, kernel, check, case: nothingTested };
	return { ...identity, outcome, reason: why, duration_ms: 0, evidence: { not_loaded: notLoaded(pkg) } };
}
