// SPDX-License-Identifier: Apache-2.0
import type { PackageUse, Refused } from "./package-use.js";

/** What a package does on this kernel when everything is delegated and every capability is held. */
export interface WidestUse {
	use: PackageUse;
	/** Programs that root of the guest may load and no user of a token, by case name. */
	ungrantable: Map<string, Refused>;
	/** Programs that this kernel refuses to root as well, by case name. */
	unloadable: string[];
	/** What ends or stops the process that attaches it, and how; by case name. */
	harmful: ReadonlyMap<string, string>;
	/** `ungrantable` and `unloadable`, `<object>/<program>`. */
	leftOut: ReadonlySet<string>;
	/** What attaches, by the object's file. */
	attached: ReadonlyMap<string, readonly string[]>;
}

/** What a package did with one delegation. */
export interface Trial {
	use: PackageUse;
	/** What attaches with everything delegated, but does not here. */
	lost: string[];
	vectors: TrialVectors;
}

/** Results of vectors; those that do not pass with everything delegated do not count. */
export interface TrialVectors {
	passed: number;
	/** Case and why. */
	failed: { case: string; why: string }[];
	unreadable: readonly string[];
}

/** Whether it did less than with everything delegated. */
export function fallsShort({ use, lost, vectors }: Trial): boolean {
	return use.refused !== undefined || lost.length > 0 || vectors.failed.length > 0;
}
