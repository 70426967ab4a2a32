// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import { UndecidedError } from "../base/errors.js";
import type { PromiseArea } from "../base/kernel-promise.js";
import { listing } from "../base/listing.js";
import {
	between as betweenKernels,
	type CaseResult,
	type KernelRecord,
	type Results,
	type RunRecord,
} from "../base/results.js";
import type { BrokenPackage } from "../data/package/broken-package.js";
import type { Package } from "../data/package/package.js";
import { CellLimit } from "../lab/cell-limit.js";
import type { CheckContext, Workbench } from "../lab/check.js";
import { tooLargeForHost } from "../lab/guest-size.js";
import { PackageBudget } from "../lab/package-budget.js";
import { CellWorkbench, type GuestSource, type Lent, undecidedReason } from "../lab/workbench.js";
import type { KernelFunctions } from "../machine/features/functions.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { packageTimeoutOf, timeoutOf } from "./cell-timeout.js";
import { canSelect, demanded, selected, type TestRequest } from "./demands.js";
import type { RunEvent } from "./events.js";
import { expected } from "./expectations.js";
import { explore } from "./explore/explore-packages.js";
import { fitted, sized } from "./fitted-kernel.js";
import { KernelPromises } from "./kernel-promises.js";
import { unproven } from "./nothing-tested.js";
import { packageRecord, unreadableResult } from "./package-record.js";
import { FinishedCells, type RunJournal } from "./resume.js";
import { type Asked, type Cell, workCell } from "./work-cell.js";

export interface RunOptions extends Lent, Omit<TestRequest, "cold" | "resume"> {
	/** Keeps finished cells, and has those of earlier runs; absent: neither. */
	journal?: RunJournal;
	/** Tells which modules a package needs; without it only the guest's own are there. */
	functions?: KernelFunctions;
	/** Throws UndecidedError when no verdict on the kernel can be believed. */
	assertTrust?: (kernel: Kernel) => Promise<void>;
	/** What the results document says of the host. */
	host: Pick<RunRecord, "bpfgate" | "accelerator" | "qemu">;
}

interface Work extends RunOptions, Lent {
	context: CheckContext;
	asked: readonly Asked[];
}

/** Runs every check of every package on every kernel; `run-end` is always last. */
export async function* run(options: RunOptions): AsyncIterable<RunEvent> {
	const stop = new AbortController();
	const signal = AbortSignal.any([options.signal, stop.signal]);
	const events = new PassThrough({ objectMode: true, highWaterMark: Number.MAX_SAFE_INTEGER });
	const { packages, kernels, chains = [], coverage = false } = options;
	const context: CheckContext = { packages, kernels, chains, coverage };
	const asked = options.checks.map((check) => ({ check, run: check.create(context) }));
	const guests = trusted(options);
	const finished = work({ ...options, guests, context, asked, signal }, (event) => events.write(event)).then(
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

/** Whatever a guest is for, nothing is asked of it before its kernel gave the known verdicts. */
function trusted({ guests, assertTrust }: RunOptions): GuestSource {
	if (!assertTrust) return guests;
	return {
		expect: (kernel) => guests.expect(kernel),
		async acquire(kernel) {
			await assertTrust(kernel);
			return guests.acquire(kernel);
		},
	};
}

const endOf = ({ pkg, kernel }: Cell): RunEvent => ({
	type: "cell-end",
	package: pkg.name,
	kernel: kernel.id,
});

/** Kernel by kernel, so that a template is in the page cache while it is used. */
function cellsOf(work: Work): Cell[] {
	const budgets = new Map(
		work.packages.map((pkg) => {
			const cases = checksOf(pkg, work).flatMap(({ run }) => run.cases(pkg)).length;
			return [pkg, new PackageBudget(packageTimeoutOf(pkg, cases, work.kernels.length, work))];
		}),
	);
	return work.kernels.flatMap((kernel) =>
		work.packages.map((pkg) => ({ pkg, kernel, budget: budgets.get(pkg)! })),
	);
}

function checksOf(pkg: Package, work: Work): Asked[] {
	const { asked, named, context } = work;
	return asked.filter(
		({ check, run }) =>
			canSelect(work, check.name) && (named || check.suits(pkg, context)) && run.cases(pkg).length > 0,
	);
}

/** Areas of kernel promises that the checks of this run cite. */
function citedAreas(options: Work): PromiseArea[] {
	if (!options.promises) return [];
	const checks = options.packages.flatMap((pkg) => checksOf(pkg, options));
	return [...new Set(checks.flatMap(({ check }) => check.cites ?? []))];
}

async function work(options: Work, emit: (event: RunEvent) => void): Promise<void> {
	const started = new Date();
	const began = performance.now();
	const cells = cellsOf(options);
	const { packages, kernels, jobs, host, broken = [] } = options;
	const unfinished = new Set(cells);
	const unreadable: CaseResult[] = [];
	const results = new Map<Cell, CaseResult[]>();
	const releases = new Map<string, string>();
	const finished = new FinishedCells(options.journal);
	emit({ type: "run-start", cells: cells.length + broken.length * kernels.length });
	await finished.open(cells, ({ pkg }) => checksOf(pkg, options), options, emit);
	for (const cell of cells) {
		const { pkg, kernel } = cell;
		if (tooLargeForHost(pkg) || finished.taken(cell)) continue;
		for (const _ of checksOf(pkg, options)) options.guests.expect(sized(kernel, pkg, options));
	}
	const workOn = async (cell: Cell) => {
		const { pkg, kernel } = cell;
		emit({ type: "cell-start", package: pkg.name, kernel: kernel.id });
		const found: CaseResult[] = [];
		results.set(cell, found);
		const add = (result: CaseResult) => {
			found.push(result);
			emit({ type: "finding", result });
		};
		const earlier = finished.taken(cell);
		if (earlier) {
			if (earlier.release !== undefined) releases.set(kernel.id, earlier.release);
			for (const result of earlier.results) add(result);
		} else {
			try {
				for await (const result of workCell(cell, checksOf(pkg, options), options, releases)) add(result);
			} catch (error) {
				if (!options.signal.aborted) throw error;
			}
		}
		if (!options.signal.aborted) {
			unfinished.delete(cell);
			await finished.keep(cell, found, releases.get(kernel.id));
		}
		// Exploring may yet find what makes the cell fail.
		if (!options.explore) emit(endOf(cell));
	};
	const reject = async ({ name, errors }: BrokenPackage, kernel: Kernel) => {
		const cell = { package: name, kernel: kernel.id };
		emit({ type: "cell-start", ...cell });
		const result = { ...cell, ...unreadableResult(options.asked[0]?.check.name ?? "load", errors) };
		unreadable.push(result);
		emit({ type: "finding", result });
		emit({ type: "cell-end", ...cell });
	};
	const promises = new KernelPromises(options, emit);
	const tasks = kernels.flatMap((kernel) => [
		...broken.map((each) => () => reject(each, kernel)),
		...cells.filter((cell) => cell.kernel === kernel).map((cell) => () => workOn(cell)),
		...citedAreas(options).map((area) => () => promises.find(kernel, area)),
	]);
	const queue = tasks.values();
	const worker = async () => {
		for (const task of queue) {
			if (options.signal.aborted) return;
			await task();
		}
	};
	await Promise.all(Array.from({ length: Math.max(1, options.jobs) }, worker));

	const found = cells.flatMap((cell) => results.get(cell) ?? []);
	const later: CaseResult[] = [];
	for (const pkg of packages) {
		if (options.signal.aborted) break;
		const suited = await Promise.all(kernels.map((kernel) => fitted(kernel, pkg, options)));
		const further = [between(pkg, found, { ...options, kernels: suited })];
		if (options.explore) {
			const timeout = timeoutOf(pkg, options.explore.mutants, options) * kernels.length;
			const about = { packages: [pkg], kernels: suited, timeout, emit };
			further.push(explore({ ...options, ...options.explore, ...about }));
		}
		for (const results of further)
			for await (const result of results) {
				if (!selected(options, result.check, result.case)) continue;
				const { reason: _, ...bare } = result;
				const about = result.kernels ?? [result.kernel];
				const judged = expected(pkg.manifest, result.check, about, result, options);
				later.push({ ...bare, ...demanded(judged, about, options) });
				emit({ type: "finding", result: later.at(-1)! });
			}
		if (options.explore) for (const cell of cells.filter((each) => each.pkg === pkg)) emit(endOf(cell));
	}
	const interrupted = options.signal.aborted;
	await finished.end(!interrupted);
	const resumed = cells.flatMap((cell) => {
		const at = finished.taken(cell)?.finished;
		return at === undefined ? [] : [{ ...cellName(cell), finished: at }];
	});
	const tested = [...unreadable, ...found, ...later];
	const missing = interrupted ? [] : unproven({ ...options, results: tested });
	for (const result of missing) emit({ type: "finding", result });

	const { allowEmpty, require, failOnSkip, ignoreExpectations, filter } = options;
	const document: Results = {
		format: "bpfgate/results",
		version: 1,
		run: {
			id: randomUUID(),
			started: started.toISOString(),
			// Not by the wall clock, which may have been set meanwhile.
			finished: new Date(started.getTime() + performance.now() - began).toISOString(),
			...host,
			jobs,
			interrupted,
			...(interrupted ? { unfinished: [...unfinished].map(cellName) } : {}),
			...(resumed.length > 0 ? { resumed } : {}),
			...(allowEmpty ? { allow_empty: true } : {}),
			...(require ? { required_kernels: [...require] } : {}),
			...(failOnSkip ? { fail_on_skip: true } : {}),
			...(ignoreExpectations ? { ignore_expectations: true } : {}),
			...(filter ? { filter: [...filter] } : {}),
		},
		kernels: kernels.map((kernel) => ({
			...kernelRecord(kernel, releases.get(kernel.id)),
			...promises.record(kernel),
		})),
		packages: [
			...broken.map(({ name, path }) => ({ name, path })),
			...packages.map((pkg) => packageRecord(pkg, tested)),
		],
		checks: options.checks.map(({ name, summary }) => ({ name, summary })),
		results: [...tested, ...missing],
	};
	emit({ type: "run-end", results: document });
}

/** What the checks find when they compare the results of all kernels. */
async function* between(
	pkg: Package,
	found: readonly CaseResult[],
	options: Work,
): AsyncIterable<CaseResult> {
	for (const { check, run } of checksOf(pkg, options)) {
		const own = found.filter((result) => result.package === pkg.name && result.check === check.name);
		if (!run.across) continue;
		const benches = new Map<string, CellWorkbench>();
		const ids = options.kernels.map(({ id }) => id);
		const limit = new CellLimit(listing(ids), timeoutOf(pkg, run.cases(pkg).length, options) * ids.length);
		const benchOf = (id: string): Workbench => {
			const kernel = options.kernels.find((each) => each.id === id);
			if (!kernel) throw new Error(`there is no kernel ${id} here`);
			const bench = benches.get(id) ?? new CellWorkbench(kernel, { ...options, limit });
			benches.set(id, bench);
			return bench;
		};
		const about = { package: pkg.name, kernel: betweenKernels, check: check.name };
		try {
			const found = limit.within(run.across(pkg, own, benchOf));
			for await (const { kernels, duration_ms = 0, ...finding } of found)
				yield { ...about, kernels: [...kernels], ...finding, duration_ms };
		} catch (error) {
			if (options.signal.aborted) continue;
			if (!(error instanceof UndecidedError)) throw error;
			const rest = {
				case: "unfinished",
				outcome: "error" as const,
				reason: undecidedReason(error),
				evidence: {},
			};
			yield { ...about, kernels: ids, ...rest, duration_ms: 0 };
		} finally {
			limit.close();
			for (const bench of benches.values()) await bench.retire();
		}
	}
}

function kernelRecord(kernel: Kernel, release: string | undefined): KernelRecord {
	const { id, arch, image_sha256, source } = kernel;
	return { id, release: release ?? kernel.release, arch, image_sha256, source };
}

const cellName = ({ pkg, kernel }: Cell) => ({ package: pkg.name, kernel: kernel.id });
