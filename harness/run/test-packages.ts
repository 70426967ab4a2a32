// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { InputError } from "../base/errors.js";
import type { CheckName } from "../base/results.js";
import { chainCheck } from "../checks/chain/chain.js";
import type { ChainSource } from "../checks/chain/model/declared.js";
import { checks as allChecks } from "../checks/checks.js";
import { measuring } from "../checks/vectors/coverage.js";
import type { Package } from "../data/package/package.js";
import type { Check } from "../lab/check.js";
import { KernelFeatures } from "../machine/features/source.js";
import { agentPath } from "../machine/guest/build.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { Machines } from "../machine/vm/machine.js";
import { GuestPool } from "../machine/vm/pool.js";
import type { RunEvent } from "./events.js";
import type { Exploration } from "./explore/explore.js";
import { run } from "./run.js";

export interface TestRequest {
	packages: Package[];
	/** Of chain files: chains whose members are of several of these packages. */
	chains?: readonly ChainSource[];
	/** At least one. */
	kernels: Kernel[];
	checks: CheckName[];
	/**
	 * The checks were named: every package is asked, also where a check would not do so by itself.
	 */
	named?: boolean;
	/** Guests in use at the same time. */
	jobs: number;
	/** Boots every guest instead of cloning it; for whoever doubts the clones. */
	cold?: boolean;
	/** Changes the vectors too, and looks for what no program should do. */
	explore?: Exploration | undefined;
	/** Measures on the last of the kernels what of the programs the vectors reach. */
	coverage?: boolean;
	/** Ends the run early: guests are ended at once, and the results say `interrupted`. */
	signal: AbortSignal;
}

/**
 * Boots the kernels and runs the packages through the checks on each: `bpfgate test` as a library
 * call. The last event holds the results. Throws UndecidedError when this host can run no guest.
 */
export async function* testPackages(request: TestRequest): AsyncIterable<RunEvent> {
	const { kernels, jobs, signal } = request;
	const [first] = kernels;
	if (!first) throw new InputError("kernels", "", "none was named");
	const checks = request.checks.map((name) => checkNamed(name, request));
	const machines = new Machines({ agent: agentPath, signal });
	const qemu = await machines.qemuVersion(first.arch);
	const { accelerator } = await machines.acceleration(first);
	const fresh = (kernel: Kernel) => (request.cold ? machines.boot(kernel) : machines.clone(kernel));
	const pool = new GuestPool({ jobs, fresh });
	const end = () => void pool.close();
	signal.addEventListener("abort", end);
	try {
		yield* run({
			...request,
			checks,
			guests: pool,
			features: new KernelFeatures({ guest: fresh, agent: agentPath }),
			host: { bpfgate: version(), accelerator, qemu },
		});
	} finally {
		signal.removeEventListener("abort", end);
		await pool.close();
	}
}

/**
 * A check of this request: one that looks at several packages knows them all. @throws InputError
 */
function checkNamed(name: CheckName, { packages, chains = [], kernels, coverage }: TestRequest): Check {
	if (name === "chain") return chainCheck({ packages, chains });
	const check = allChecks.get(name);
	if (!check) throw new InputError(`check ${name}`, "", "is not part of this version of bpfgate");
	const measured = coverage && name === "vectors" ? kernels.at(-1) : undefined;
	return measured ? measuring(check, measured.id) : check;
}

function version(): string {
	const path = new URL("../../package.json", import.meta.url);
	const manifest: { version: string } = JSON.parse(readFileSync(path, "utf8"));
	return manifest.version;
}
