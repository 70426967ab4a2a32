// SPDX-License-Identifier: Apache-2.0

import type { CheckName, Outcome, Reason } from "../base/results.js";
import type { Package } from "../data/package/package.js";
import type { Lack } from "../machine/features/missing.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest } from "../machine/vm/guest.js";

/** What a check says of one case; the runner adds package, kernel, check and duration. */
export interface Finding {
	case: string;
	outcome: Outcome;
	reason?: Reason;
	evidence: Record<string, unknown>;
}

/** What the runner lends to a check while it runs on one kernel. */
export interface Workbench {
	readonly kernel: Kernel;
	/**
	 * A guest with nothing in it of this or another package: the same one as before when the last
	 * case left nothing behind, a fresh clone otherwise.
	 */
	guest(): Promise<Guest>;
	/**
	 * Whether and why the kernel lacks a feature, in the words of `kernels.requires`; undefined
	 * when it has it.
	 */
	lack(requirement: string): Promise<Lack | undefined>;
	/**
	 * Ends a group of cases: what the guest has now that a fresh one has not, each as `kind: name`.
	 * Anything left over makes the next `guest()` a fresh clone.
	 */
	leftovers(): Promise<string[]>;
	/**
	 * The guest in use was changed for good, as it was meant to be: the next `guest()` is a fresh
	 * clone.
	 */
	spoil(): Promise<void>;
	/**
	 * Turns what was thrown while a guest worked into the outcome of the cases that it cut short: a
	 * kernel that panicked is a `fail`, everything else that bpfgate could not see to its end is an
	 * `error`. The next `guest()` is a fresh clone. Rethrows what is a defect of bpfgate or an
	 * interruption.
	 */
	lost(cause: unknown): Promise<{ outcome: "fail" | "error"; reason: Reason }>;
}

/** One question asked of a package on a kernel. */
export interface Check {
	readonly name: CheckName;
	/**
	 * Whether the package is asked when nobody named the check: always, where a check does not say.
	 */
	suits?(pkg: Package): boolean;
	/** The cases that must each get a finding; one that gets none becomes an `error`. */
	cases(pkg: Package): string[];
	/** Runs them, in an order of its own. A case beyond those listed may be reported too. */
	run(pkg: Package, bench: Workbench): AsyncIterable<Finding>;
}
