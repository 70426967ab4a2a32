// SPDX-License-Identifier: Apache-2.0
import type { Kernel } from "../kernel/kernel.js";
import type { Package } from "../package/package.js";
import type { CheckName, Outcome, Reason } from "../results/results.js";
import type { Guest } from "../vm/guest.js";

/** What a check says of one case; the runner adds package, kernel, check and duration. */
export interface Finding {
	case: string;
	outcome: Outcome;
	reason?: Reason;
	evidence: Record<string, unknown>;
}

/** What the runner lends to a check while it runs on one kernel. */
export interface Bench {
	readonly kernel: Kernel;
	/**
	 * A guest with nothing in it of this or another package: the same one as before when the last case left nothing
	 * behind, a fresh clone otherwise.
	 */
	guest(): Promise<Guest>;
	/**
	 * Ends a case: compares the inventory with that of the fresh guest. What was left over is returned and makes the
	 * next `guest()` a fresh clone.
	 */
	leftovers(): Promise<string[]>;
}

/** One question asked of a package on a kernel. */
export interface Check {
	readonly name: CheckName;
	/** The cases that must each get a finding; one that gets none becomes an `error`. */
	cases(pkg: Package): string[];
	/** Runs them. A case beyond those listed may be reported too. Throws UndecidedError when the guest is lost. */
	run(pkg: Package, bench: Bench): AsyncIterable<Finding>;
}
