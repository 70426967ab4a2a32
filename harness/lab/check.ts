// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../base/errors.js";
import type { CaseResult, Outcome, Reason } from "../base/results.js";
import type { ManifestSection } from "../data/package/manifest/manifest-section.js";
import type { Package } from "../data/package/package.js";
import type { ChainSource } from "../data/package/sections/chain-file.js";
import type { Lack } from "../machine/features/missing.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest } from "../machine/vm/guest.js";
import type { KernelPromise, PromiseArea } from "./promise.js";

/** The result of one case. The runner adds package, kernel and check. */
export interface Finding {
	case: string;
	outcome: Outcome;
	/** Every outcome but `pass` has one. */
	reason?: Reason;
	/** The runner sets it: the failure that the manifest announces. Checks do not. */
	announced?: Reason;
	evidence: Record<string, unknown>;
	/** Wall clock on the host; `runCases` fills it in. */
	duration_ms?: number;
}

/** The result of a case without its name. */
export type FindingBody = Omit<Finding, "case">;

/** What a check uses while it runs on one kernel. */
export interface Workbench {
	readonly kernel: Kernel;
	/**
	 * A guest that holds nothing of this or another package: the same one as before when the last
	 * group of cases left nothing behind, a fresh clone otherwise.
	 */
	guest(): Promise<Guest>;
	/** Why the kernel lacks a feature of `kernels.requires`; undefined when it has it. */
	lack(requirement: string): Promise<Lack | undefined>;
	/**
	 * What the kernel was seen to promise in an area (`bpfgate kernels qualify`). Asks the kernel
	 * when no answer is kept for its image, and may retire the guest in use: call it between
	 * groups.
	 */
	promises(area: PromiseArea): Promise<readonly KernelPromise[]>;
	/**
	 * Ends a group of cases: what the guest has now and a fresh guest does not, each as `kind:
	 * name`. Anything left over makes the next `guest()` a fresh clone. Throws what `lost` turns
	 * into a `fail` when the agent and the host's view of the guest disagree.
	 */
	leftovers(): Promise<string[]>;
	/** The guest in use was changed permanently on purpose: the next `guest()` is a fresh clone. */
	spoil(): Promise<void>;
	/**
	 * Turns an exception into the outcome of the cases that it cut short: a kernel that panicked,
	 * or an agent that was deceived, is a `fail`, everything else that bpfgate could not complete
	 * is an `error`. The next `guest()` is a fresh clone. Rethrows an interruption.
	 */
	lost(cause: unknown): Promise<{ outcome: "fail" | "error"; reason: Reason }>;
}

/** What a check knows of the run that it is created for. */
export interface CheckContext {
	/** All packages of the run. */
	readonly packages: readonly Package[];
	/** Chains from chain files, with members of several of these packages. */
	readonly chains: readonly ChainSource[];
	readonly kernels: readonly Kernel[];
	/** Measure which instructions the vectors reach, on the last of the kernels. */
	readonly coverage: boolean;
}

/** One question asked of a package on a kernel: its words, schema, and how it runs. */
export interface Check {
	/** `[a-z0-9-]+`; names the check on the command line and in results. */
	readonly name: string;
	/** One line: the question that the check answers. */
	readonly summary: string;
	/** Whether the check runs on a package when the user named no check. */
	suits(pkg: Package, context: CheckContext): boolean;
	/**
	 * Its part of the manifest: in a built-in check the schema that `Manifest` has for the key. The
	 * sections of other checks are given to `openPackage`, and are in `Package.sections`.
	 */
	readonly section?: ManifestSection;
	/** Areas of kernel promises that the check cites: a run with it qualifies new kernels. */
	readonly cites?: readonly PromiseArea[];
	/**
	 * It deploys a package again for each case: `npm run examples` tries it by name on every tenth
	 * package that it does not suit.
	 */
	readonly costly?: true;
	/** Cases about the kernel: their passes say nothing about the package. */
	readonly aboutKernel?: readonly string[];
	/** Called once for each run. */
	create(context: CheckContext): CheckRun;
}

/** A check at work in one run. */
export interface CheckRun {
	/** The cases that must each get a finding; one that gets none becomes an `error`. */
	cases(pkg: Package): string[];
	/** Runs them in an order of its own, groups with `runCases`. Further cases are allowed. */
	run(pkg: Package, bench: Workbench): AsyncIterable<Finding>;
	/** Cases of other packages that test this one too; `*` stands for any run of characters. */
	casesWith?(pkg: Package): readonly { package: string; cases: string }[];
	/**
	 * Findings that only the results of several kernels together show: kernels that differ. They
	 * belong to no single kernel, so that what is said of one does not depend on the others.
	 * @param results of this check for the package, on all kernels of the run
	 * @param benchOf a bench of one of these kernels, for a second look
	 */
	across?(
		pkg: Package,
		results: readonly CaseResult[],
		benchOf: (kernel: string) => Workbench,
	): AsyncIterable<FindingBetween>;
}

/** A finding about several kernels. */
export interface FindingBetween extends Finding {
	/** Their ids. */
	kernels: readonly string[];
}

/**
 * A check of your own, to pass to `testPackages` beside or in place of the built-in `checks`.
 *
 * @example
 * const small = defineCheck({
 * 	name: "small",
 * 	summary: "is every object smaller than 64 KiB?",
 * 	suits: () => true,
 * 	create: () => ({
 * 		cases: (pkg) => pkg.objects.map(({ file }) => file),
 * 		async *run(pkg) {
 * 			for (const { file, bytes } of pkg.objects) yield { case: file, ...sizeOf(bytes) };
 * 		},
 * 	}),
 * });
 * @returns the same check
 * @throws InputError for a name that results and the command line cannot have
 */
export function defineCheck(check: Check): Check {
	const { name, summary } = check;
	if (!/^[a-z][a-z0-9-]{0,63}$/.test(name))
		throw new InputError(
			`check ${JSON.stringify(name)}`,
			"name",
			"must match [a-z][a-z0-9-]*, 64 characters at most",
		);
	if (summary === "")
		throw new InputError(`check ${name}`, "summary", "is empty; say what the check answers");
	return check;
}
