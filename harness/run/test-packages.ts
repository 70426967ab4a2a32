// SPDX-License-Identifier: Apache-2.0
import type { BrokenPackage } from "../data/package/broken-package.js";
import type { Package } from "../data/package/package.js";
import type { ChainSource } from "../data/package/sections/chain-file.js";
import type { Check } from "../lab/check.js";
import { createLab, firstKernel } from "../lab/lab.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { Qualification } from "../qualify/qualification.js";
import type { Demands } from "./demands.js";
import type { RunEvent } from "./events.js";
import type { Exploration } from "./explore/explore-packages.js";
import type { GuestWishes } from "./fitted-kernel.js";
import { questions } from "./questions.js";
import { run } from "./run.js";

export interface TestRequest extends Demands {
	packages: readonly Package[];
	/** Inputs that cannot be read: each gets a failed case on each kernel. */
	broken?: readonly BrokenPackage[];
	/** Chains from chain files, with members of several of these packages. */
	chains?: readonly ChainSource[];
	/** At least one. */
	kernels: readonly Kernel[];
	checks: readonly Check[];
	/** The user named the checks: they run on every package, suited or not. */
	named?: boolean;
	/** Guests in use at the same time. */
	jobs: number;
	/** What guests have at the user's wish: it counts more than the manifest. */
	guest?: GuestWishes;
	/** Boots every guest instead of cloning it, for those who doubt the clones. */
	cold?: boolean;
	/** Change the vectors too, and look for what no program should do. */
	explore?: Exploration | undefined;
	/** Measure on the last of the kernels which instructions the vectors reach. */
	coverage?: boolean;
	/** Milliseconds for a package on a kernel, without waiting; default: by programs and cases. */
	cellTimeout?: number | undefined;
	/** Ends the run early: guests are ended at once, and the results say `interrupted`. */
	signal: AbortSignal;
}

/**
 * `bpfgate test` as a library call: runs packages through the checks on each kernel; the last event
 * holds the results. Throws UndecidedError when this host can run no guest.
 */
export async function* testPackages(request: TestRequest): AsyncIterable<RunEvent> {
	const first = firstKernel(request.kernels);
	const { jobs, cold = false, signal } = request;
	const promises = new Qualification(() => lab, questions);
	await using lab = createLab({ jobs, cold, promises, signal });
	const { guests, features, functions } = lab;
	yield* run({ ...request, guests, features, functions, promises, host: await lab.host(first) });
}
