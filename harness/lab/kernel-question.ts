// SPDX-License-Identifier: Apache-2.0
import type { Workbench } from "./check.js";
import type { KernelPromise, PromiseArea } from "./promise.js";

/** One area in which a kernel is asked whether it keeps its promises; no package takes part. */
export interface KernelQuestion {
	readonly area: PromiseArea;
	/** One line for help and reports. */
	readonly summary: string;
	/** Changes when the questions do: answers kept for another version are not used. */
	readonly version: number;
	/** Names of all promises, in order; each gets exactly one answer. */
	names(): readonly string[];
	/** Asks; a promise that the kernel cannot be asked about says so in `lack`. */
	run(bench: Workbench): AsyncIterable<KernelPromise>;
}
