// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, Results } from "../base/results.js";
import type { ExploreEvent } from "./explore/explore-packages.js";

/**
 * What a run tells while it goes on, in order; `run-end` is always the last, also of an interrupted
 * run. A package is named as in `CaseResult.package`, a kernel by its id; a cell is one package on
 * one kernel.
 */
export type RunEvent =
	| { type: "run-start"; cells: number }
	| { type: "kernel-prepare"; kernel: string; step: string }
	| { type: "cell-start"; package: string; kernel: string }
	| { type: "finding"; result: CaseResult }
	| { type: "cell-end"; package: string; kernel: string }
	| ExploreEvent
	| { type: "run-end"; results: Results };
