// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import type { CaseResult, KernelRecord, Results, RunRecord } from "../base/results.js";
import type { Package } from "../data/package/package.js";
import { drift } from "../data/vectors/drift.js";
import type { Check, Finding } from "../lab/check.js";
import { unmet } from "../lab/requirements.js";
import { CellWorkbench, type Lent, splatFindings } from "../lab/workbench.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { RunEvent } from "./events.js";
import { expected } from "./expectations.js";
import { type Exploration, explore } from "./explore/explore.js";

export interface RunOptions extends Omit<Lent, "fresh"> {
	packages: Package[];
	kernels: Kernel[];
	checks: Check[];
	/**
	 * The checks were named: every package is asked, also where a check would not do so by itself.
	 */
	named?: boolean | undefined;
	/** Cells worked on at the same time. */
	jobs: number;
	/** Changes the vectors too, and looks for what no program should do. */
	explore?: Exploration | undefined;
	/** Ends the run early; what was found until then is in the results, which say `interrupted`. */
	signal: AbortSignal;
	/** What the results document says of the host. */
	host: Pick<RunRecord, "bpfgate" | "accelerator" | "qemu">;
}

type Work = RunOptions & Lent;

interface Cell {
	pkg: Package;
	kernel: Kernel;
}

/**
 * Asks every check of every package on every kernel. The last event is `run-end`, also of an
 * interrupted run.
 */
export async function* run(options: RunOptions): AsyncIterable<RunEvent> {
	const stop = new AbortController();
	const signal = AbortSignal.any([options.signal, stop.signal]);
	const events = new PassThrough({ objectMode: true, highWaterMark: Number.MAX_SAFE_INTEGER });
	const finished = work({ ...options, signal, fresh: new Map() }, (event) => events.write(event)).then(
		() => events.end(),
		(error) => events.destroy(error),
	);
	try {
		for await (const event of events) yield event as RunEvent;
	} finally {
		stop.abort();
		await finished;
	}
}

/** Kernel by kernel, so that a template is in the page cache while it is used. */
function cellsOf({ packages, kernels }: RunOptions): Cell[] {
	return kernels.flatMap((kernel) => packages.map((pkg) => ({ pkg, kernel })));
}

/** Those that have anything to ask of the package. */
function checksOf(pkg: Package, { checks, named }: RunOptions): Check[] {
	return checks.filter((check) => (named || (check.suits?.(pkg) ?? true)) && check.cases(pkg).length > 0);
}

async function work(options: Work, emit: (event: RunEvent) => void): Promise<void> {
	const started = new Date();
	const cells = cellsOf(options);
	const results = new Map<Cell, CaseResult[]>();
	const releases = new Map<string, string>();
	emit({ type: "run-start", cells: cells.length });
	const queue = cells.values();
	for (const { pkg, kernel } of cells) {
		for (const _ of checksOf(pkg, options)) options.guests.expect(kernel);
	}
	const worker = async () => {
		for (const cell of queue) {
			if (options.signal.aborted) return;
			const { pkg, kernel } = cell;
			emit({ type: "cell-start", package: pkg.name, kernel: kernel.id });
			const found: CaseResult[] = [];
			results.set(cell, found);
			try {
				for await (const result of workCell(cell, options, releases)) {
					found.push(result);
					emit({ type: "finding", result });
				}
			} catch (error) {
				if (!options.signal.aborted) throw error;
			}
			emit({ type: "cell-end", package: pkg.name, kernel: kernel.id });
		}
	};
	await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, worker));

	const found = cells.flatMap((cell) => results.get(cell) ?? []);
	const asExpected = (result: CaseResult): CaseResult => {
		const pkg = options.packages.find(({ name }) => name === result.package);
		if (!pkg) return result;
		const { reason: _, ...bare } = result;
		return { ...bare, ...expected(pkg.manifest, result.check, result.kernel, result) };
	};
	const drifted = drift(found).map(asExpected);
	for (const result of drifted) emit({ type: "finding", result });
	const explored: CaseResult[] = [];
	if (options.explore) {
		for await (const result of explore({ ...options, ...options.explore, emit })) {
			explored.push(asExpected(result));
			emit({ type: "finding", result: asExpected(result) });
		}
	}

	const { packages, kernels, jobs, host } = options;
	const document: Results = {
		format: "bpfgate/results",
		version: 1,
		run: {
			id: randomUUID(),
			started: started.toISOString(),
			finished: new Date().toISOString(),
			...host,
			jobs,
			interrupted: options.signal.aborted,
		},
		kernels: kernels.map((kernel) => kernelRecord(kernel, releases.get(kernel.id))),
		packages: packages.map(({ name, version, sha256, path }) => ({ name, version, sha256, path })),
		results: [...found, ...drifted, ...explored],
	};
	emit({ type: "run-end", results: document });
}

function kernelRecord(kernel: Kernel, release: string | undefined): KernelRecord {
	const { id, arch, image_sha256, source } = kernel;
	return { id, release: release ?? kernel.release, arch, image_sha256, source };
}

async function* workCell(
	{ pkg, kernel }: Cell,
	options: Work,
	releases: Map<string, string>,
): AsyncIterable<CaseResult> {
	for (const check of checksOf(pkg, options)) {
		let last = performance.now();
		const timed = (finding: Finding): CaseResult => {
			const now = performance.now();
			const duration_ms = Math.round((now - last) * 1000) / 1000;
			last = now;
			return { package: pkg.name, kernel: kernel.id, check: check.name, ...finding, duration_ms };
		};
		for await (const finding of findings(check, pkg, kernel, options, releases)) {
			yield timed(expected(pkg.manifest, check.name, kernel.id, finding));
		}
	}
}

async function* findings(
	check: Check,
	pkg: Package,
	kernel: Kernel,
	options: Work,
	releases: Map<string, string>,
): AsyncIterable<Finding> {
	const open = new Set(check.cases(pkg));
	const bench = new CellWorkbench(kernel, options);
	try {
		const skipped = await unmet(pkg.manifest, kernel, options.features);
		if (skipped) {
			for (const name of open) yield { case: name, outcome: "skip", ...skipped };
			return;
		}
		releases.set(kernel.id, (await bench.guest()).greeting.release);
		for await (const finding of check.run(pkg, bench)) {
			open.delete(finding.case);
			yield finding;
		}
		for (const name of open)
			yield { case: name, outcome: "error", reason: silent(check, name), evidence: {} };
	} catch (cause) {
		const { outcome, reason } = await bench.lost(cause);
		for (const name of open) yield { case: name, outcome, reason, evidence: {} };
	} finally {
		await bench.retire();
	}
	yield* splatFindings(bench.splats);
}

function silent(check: Check, name: string) {
	return {
		code: "no-finding",
		message: `the ${check.name} check said nothing of ${name}`,
		hint: "this is a defect of bpfgate; report it",
	};
}
