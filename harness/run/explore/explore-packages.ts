// SPDX-License-Identifier: Apache-2.0

import { listing } from "../../base/listing.js";
import type { CaseResult } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import { CellLimit } from "../../lab/cell-limit.js";
import type { Finding } from "../../lab/check.js";
import { undecided } from "../../lab/findings.js";
import { unmet } from "../../lab/requirements.js";
import { type Lent, undecidedReason } from "../../lab/workbench.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import { findingsOf } from "./explore-findings.js";
import { GuestLab } from "./explore-lab.js";
import { search } from "./mutant-search.js";

/** Progress on one program: `done` mutants of its vectors ran on every kernel. */
export type ExploreEvent = { type: "explore"; name: string; done: number; mutants: number };

/** The settings of `--explore`. */
export interface Exploration {
	/** For each program that has vectors. */
	mutants: number;
	seed: number;
}

export interface ExploreOptions extends Exploration, Lent {
	packages: readonly Package[];
	kernels: readonly Kernel[];
	/** Most guests at a time. */
	jobs: number;
	/** Milliseconds that the vectors of one program may take on all kernels together. */
	timeout: number;
	emit(event: ExploreEvent): void;
}

/**
 * Changes the vectors, and looks for what no program should do: cases `explore/<object>/<program>`,
 * `explore/<program>/<digest>`, `leftovers/explore/...`. Ends silently when interrupted.
 */
export async function* explore(options: ExploreOptions): AsyncIterable<CaseResult> {
	for (const pkg of options.packages) {
		const kernels: Kernel[] = [];
		for (const kernel of options.kernels)
			if (!(await unmet(pkg.manifest, kernel, options.features))) kernels.push(kernel);
		const programs = new Map<string, PreparedVector[]>();
		for (const vector of suiteOf(pkg).vectors) {
			const key = JSON.stringify([vector.subject.key, vector.subject.program.name]);
			programs.set(key, [...(programs.get(key) ?? []), vector]);
		}
		const names = new Map<string, number>();
		for (const vectors of programs.values()) {
			if (options.signal.aborted || kernels.length === 0) return;
			const { object, program } = vectors[0]!.subject;
			const bare = `explore/${object.file}/${program.name}`;
			const times = (names.get(bare) ?? 0) + 1;
			names.set(bare, times);
			// With other constants it is another load, and another case.
			yield* exploreProgram(pkg, kernels, vectors, times > 1 ? `${bare}#${times}` : bare, options);
		}
	}
}

async function* exploreProgram(
	pkg: Package,
	kernels: readonly Kernel[],
	vectors: readonly PreparedVector[],
	caseName: string,
	options: ExploreOptions,
): AsyncIterable<CaseResult> {
	const [first] = vectors;
	if (!first) return;
	const { subject } = first;
	const { seed, mutants, signal, emit } = options;
	const started = performance.now();
	const result = (kernel: string, finding: Finding, kernels?: string[]): CaseResult => ({
		package: pkg.name,
		kernel,
		...(kernels ? { kernels } : {}),
		check: "vectors",
		...finding,
		duration_ms: Math.round(performance.now() - started),
	});
	const name = `${pkg.name} ${subject.program.name}`;
	emit({ type: "explore", name, done: 0, mutants });
	const limit = new CellLimit(listing(kernels.map(({ id }) => id)), options.timeout);
	limit.nextCase = () => caseName;
	await using lab = new GuestLab(kernels, subject, caseName, { ...options, limit });
	try {
		const progress = (done: number) => emit({ type: "explore", name, done, mutants });
		const searched = await limit.bounded(search(lab, vectors, { seed, mutants, signal, progress }));
		const abandoned = lab.abandoned.length > 0 ? { abandoned: lab.abandoned } : {};
		const duration_ms = Math.round(performance.now() - started);
		for (const { kernel, kernels: some, finding } of findingsOf(subject, searched, {
			kernels: lab.kernels,
			seed,
		})) {
			const evidence =
				finding.outcome === "pass" ? { ...finding.evidence, ...abandoned, duration_ms } : finding.evidence;
			const name = finding.outcome === "pass" ? caseName : finding.case;
			yield result(kernel, { ...finding, case: name, evidence }, some);
		}
		for (const [kernel, finding] of await lab.leftovers()) yield result(kernel, finding);
	} catch (error) {
		if (signal.aborted) return;
		const undecidedCase = { case: caseName, ...undecided(undecidedReason(error), { seed }) };
		for (const kernel of lab.kernels) yield result(kernel, undecidedCase);
	} finally {
		limit.close();
	}
}
