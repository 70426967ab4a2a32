// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../base/errors.js";
import { wildcard } from "../data/package/manifest/check-settings.js";
import type { ExpectedFailure, Manifest } from "../data/package/manifest/manifest.js";
import type { Package } from "../data/package/package.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Finding } from "../lab/check.js";

/**
 * An expectation that no check can meet would have no effect. @param checks names of all checks
 * @throws InputError for a pattern that begins with no check's name
 */
export function assertExpectations(packages: readonly Package[], checks: readonly string[]): void {
	for (const { manifest, path } of packages) {
		for (const [index, { case: pattern }] of (manifest.expect?.failures ?? []).entries()) {
			const [check = ""] = pattern.split("/");
			if (!check.includes("*") && !checks.includes(check))
				throw new InputError(
					`${path}/bpfgate.json`,
					`/expect/failures/${index}/case`,
					`${JSON.stringify(pattern)} begins with no check; the checks are ${checks.join(", ")}`,
				);
		}
	}
}

/**
 * Applies `expect.failures`: an announced failure is a pass that says so; one that does not happen,
 * or for another reason, is a failure. `skip` and `error` stay.
 */
export function expected(
	manifest: Manifest,
	check: string,
	kernels: readonly string[],
	finding: Finding,
): Finding {
	const expectation = manifest.expect?.failures?.find(
		({ case: pattern, kernels: some = kernels }) =>
			wildcard(pattern)(`${check}/${finding.case}`) && kernels.some((kernel) => some.includes(kernel)),
	);
	if (!expectation) return finding;
	if (finding.outcome === "pass") return absent(expectation, finding);
	if (finding.outcome !== "fail") return finding;
	const happened = finding.reason?.code ?? "";
	if (expectation.reason !== undefined && expectation.reason !== happened) {
		return differs(expectation.reason, finding);
	}
	const { reason, ...rest } = finding;
	return { ...rest, outcome: "pass", evidence: { ...finding.evidence, expected_failure: reason } };
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
