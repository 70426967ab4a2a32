// SPDX-License-Identifier: Apache-2.0
import { wildcard } from "../data/package/manifest/check-settings.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Finding } from "../lab/check.js";

/** What a user asks of a run beside the packages, kernels and checks. */
export interface Demands {
	/** A run in which nothing was tested may be a success. */
	allowEmpty?: boolean | undefined;
	/** Ids of kernels on which a skip, or nothing tested, is a failure. */
	require?: readonly string[] | undefined;
	/** A skip is a failure on every kernel. */
	failOnSkip?: boolean | undefined;
	/** Patterns of cases, `load/program/*`; only these, and the log during them, are reported. */
	filter?: readonly string[] | undefined;
}

/** A skip on a kernel that takes none becomes a failure. */
export function demanded(
	finding: Finding,
	kernels: readonly string[],
	{ require = [], failOnSkip }: Demands,
): Finding {
	if (finding.outcome !== "skip") return finding;
	const required = kernels.some((id) => require.includes(id));
	const option = required ? "--require" : failOnSkip ? "--fail-on-skip" : undefined;
	if (option === undefined) return finding;
	const { message = "", hint = "" } = finding.reason ?? {};
	return {
		...finding,
		outcome: "fail",
		reason: reason("skip-not-allowed", { option, kernel: kernels.join(", "), message, hint }),
		evidence: { ...finding.evidence, skipped: finding.reason },
	};
}

/** Whether a case was asked for. */
export function selected({ filter }: Demands, check: string, name: string): boolean {
	return filter === undefined || filter.some((pattern) => wildcard(pattern)(`${check}/${name}`));
}

/** Whether a check can have a case that was asked for. */
export function canSelect({ filter }: Demands, check: string): boolean {
	return (
		filter === undefined ||
		filter.some((pattern) => {
			const [head = ""] = pattern.split("/");
			return head.includes("*") || head === check;
		})
	);
}
