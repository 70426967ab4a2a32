// SPDX-License-Identifier: Apache-2.0
import type { KernelPromise, PromiseArea } from "../base/kernel-promise.js";
import type { CaseResult, Reason, Results } from "../base/results.js";
import type { ExploreEvent } from "./explore/explore-packages.js";

/** What a run tells, in order; `run-end` is always last. A cell is a package on a kernel. */
export type RunEvent =
	| { type: "run-start"; cells: number }
	| { type: "kernel-prepare"; kernel: string; step: string }
	| { type: "cell-start"; package: string; kernel: string }
	/** A kernel is asked what it promises, and has answered. */
	| { type: "qualify-start"; kernel: string; area: PromiseArea }
	| { type: "qualify-end"; kernel: string; area: PromiseArea; promises: readonly KernelPromise[] }
	/** bpfgate could not find out what a kernel promises. */
	| { type: "qualify-failed"; kernel: string; area: PromiseArea; reason: Reason }
	/** A journal of an earlier run: damaged lines (0: all of it), whose cells run again. */
	| { type: "journal-damaged"; path: string; lines: number }
	| { type: "finding"; result: CaseResult }
	| { type: "cell-end"; package: string; kernel: string }
	| ExploreEvent
	| { type: "run-end"; results: Results };
