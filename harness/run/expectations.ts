// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../base/errors.js";
import { badExpectation, expectedCases } from "../data/package/manifest/expected-case.js";
import type { ExpectedFailure, Manifest } from "../data/package/manifest/manifest.js";
import type { Package } from "../data/package/package.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Finding } from "../lab/check.js";
import type { Demands } from "./demands.js";

/**
 * An expectation that no check can meet would have no effect. @param checks names of all checks
 * @throws InputError for a pattern that begins with no check's name
 */
export function assertExpectations(packages: readonly Package[], checks: readonly string[]): void {
	for (const { manifest, path } of packages) {
		for (const [index, { case: pattern }] of (manifest.expect?.failures ?? []).entries()) {
			const [check = ""] = pattern.split("/");
			const unknown = `begins with no check; the checks are ${checks.join(", ")}`;
			const bad = badExpectation(pattern) ?? (checks.includes(check) ? undefined : unknown);
			if (bad)
				throw new InputError(
					`${path}/bpfgate.json`,
					`/expect/failures/${index}/case`,
					`${JSON.stringify(pattern)} ${bad}`,
				);
		}
	}
}

/** Reasons that no package excuses: the kernel breaks, something stays behind, `bpf()` lies. */
const inexcusable =
	/^(agent-deceived|leftovers|kernel-(panic|oops|bug|warn|policy|lockup|rcu-stall|hung-task))$/;

/**
 * Applies `expect.failures`: an announced failure is a pass that says so; one that does not happen,
 * or for another reason, is a failure. `skip` and `error` stay, and so does what no package can
 * excuse.
 */
export function expected(
	manifest: Manifest,
	check: string,
	kernels: readonly string[],
	finding: Finding,
	{ ignoreExpectations }: Demands = {},
): Finding {
	if (ignoreExpectations) return finding;
	const expectation = manifest.expect?.failures?.find(
		({ case: pattern, kernels: some = kernels }) =>
			expectedCases(pattern)(`${check}/${finding.case}`) && kernels.some((kernel) => some.includes(kernel)),
	);
	if (!expectation) return finding;
	if (finding.outcome === "pass") return absent(expectation, finding);
	if (finding.outcome !== "fail") return finding;
	const happened = finding.reason ?? reason("no-reason-given", { check });
	if (inexcusable.test(happened.code)) return finding;
	if (expectation.reason !== undefined && expectation.reason !== happened.code) {
		return differs(expectation.reason, finding);
	}
	const { reason: _, ...rest } = finding;
	return { ...rest, outcome: "pass", announced: happened };
}

function absent(expectation: ExpectedFailure, finding: Finding): Finding {
	return {
		...finding,
		outcome: "fail",
		reason: reason("expected-failure-absent", {
			case: finding.case,
			pattern: expectation.case,
			...(expectation.reason ? { wanted: expectation.reason } : {}),
		}),
	};
}

function differs(wanted: string, finding: Finding): Finding {
	return {
		...finding,
		reason: reason("expected-failure-differs", {
			case: finding.case,
			wanted,
			found: `${finding.reason?.code}: ${finding.reason?.message}`,
		}),
	};
}
