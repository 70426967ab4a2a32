// SPDX-License-Identifier: Apache-2.0
import { isOtherVariant } from "../base/results.js";
import type { BrokenPackage } from "../data/package/broken-package.js";
import { wildcard } from "../data/package/manifest/wildcard.js";
import type { Package } from "../data/package/package.js";
import type { ChainSource } from "../data/package/sections/chain-file.js";
import { reason } from "../data/reasons/registry/registry.js";
import type { Check, Finding } from "../lab/check.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Exploration } from "./explore/explore-packages.js";
import type { GuestWishes } from "./fitted-kernel.js";

/** What a user asks of a run beside the packages, kernels and checks. */
export interface Demands {
	/** A run in which nothing was tested may be a success. */
	allowEmpty?: boolean | undefined;
	/** Ids of kernels on which a skip, or nothing tested, is a failure. */
	require?: readonly string[] | undefined;
	/** A skip is a failure on every kernel. */
	failOnSkip?: boolean | undefined;
	/** What `expect.failures` of manifests announces is a failure all the same. */
	ignoreExpectations?: boolean | undefined;
	/** Patterns of cases, `load/program/*`; only these, and the log during them, are reported. */
	filter?: readonly string[] | undefined;
}

/** What `testPackages` is asked for. */
export interface TestRequest extends Demands {
	packages: readonly Package[];
	/** Inputs that cannot be read: each gets a failed case on each kernel. */
	broken?: readonly BrokenPackage[] | undefined;
	/** Chains from chain files, with members of several of these packages. */
	chains?: readonly ChainSource[];
	/** At least one. */
	kernels: readonly Kernel[];
	checks: readonly Check[];
	/** The user named the checks: they run on every package, suited or not. */
	named?: boolean | undefined;
	/** Guests in use at the same time. */
	jobs: number;
	/** What guests have at the user's wish: it counts more than the manifest. */
	guest?: GuestWishes;
	/** Boots every guest instead of cloning it, for those who doubt the clones. */
	cold?: boolean;
	/** Takes the cells that an earlier run finished before it was killed or interrupted. */
	resume?: boolean | undefined;
	/** Change the vectors too, and look for what no program should do. */
	explore?: Exploration | undefined;
	/** Measure on the last of the kernels which instructions the vectors reach. */
	coverage?: boolean;
	/** Milliseconds for a package on a kernel, without waiting; default: by programs and cases. */
	cellTimeout?: number | undefined;
	/** Milliseconds for a package on all kernels together; default: by the same, and kernels. */
	packageTimeout?: number | undefined;
	/** Milliseconds without an answer after which a guest counts as hung; default: `patience`. */
	guestTimeout?: number | undefined;
	/** Ends the run early: guests are ended at once, and the results say `interrupted`. */
	signal: AbortSignal;
}

/** A skip on a kernel that takes none becomes a failure. */
export function demanded(
	finding: Finding,
	kernels: readonly string[],
	{ require = [], failOnSkip }: Demands,
): Finding {
	if (finding.outcome !== "skip" || isOtherVariant(finding)) return finding;
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
