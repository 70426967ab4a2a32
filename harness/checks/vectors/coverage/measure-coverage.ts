// SPDX-License-Identifier: Apache-2.0
import { type CoverageEvidence, linesIn } from "../../../base/coverage-record.js";
import { InputError } from "../../../base/errors.js";
import { isCapable } from "../../../data/package/capable.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { Package, PackageObject } from "../../../data/package/package.js";
import { reason } from "../../../data/reasons/registry/registry.js";
import { differing, type Facts } from "../../../data/vectors/drift.js";
import { neverRun, testRunRules } from "../../../data/vectors/program-type.js";
import type { Subject } from "../../../data/vectors/subject.js";
import { type PreparedVector, suiteOf } from "../../../data/vectors/suite.js";
import type { CheckRun, Finding, FindingBody, Workbench } from "../../../lab/check.js";
import { passed, skipped, undecided } from "../../../lab/findings.js";
import { runCases } from "../../../lab/run-cases.js";
import { wantedPrograms } from "../../../lab/subject/load/open-args.js";
import { judge } from "../../../lab/subject/session/judgement.js";
import { VectorSession } from "../../../lab/subject/session/vector-session.js";
import type { ProgramCoverage, Result } from "../../../machine/guest/operations.js";
import { stillDiffering } from "../second-look.js";
import { groupsOf } from "../vector-group.js";
import { type Block, blocksOf, joined } from "./blocks.js";
import { coveredFiles } from "./source-lines.js";

/** What all loads of one object have shown. */
interface Seen {
	measured: Map<string, ProgramCoverage>;
	/** Why a program could not be measured, by its name. */
	obstacles: Map<string, string>;
	/** Number of vectors that ran, by program. */
	run: Map<string, number>;
	/** Results without and with probes, by case, where they differ. */
	differing: Map<string, readonly [plain: Facts, probed: Facts]>;
	/** Cases in which they differ in more than two runs without probes do. */
	disturbed: string[];
}

/**
 * The vectors check that, on one kernel, also runs the vectors with a probe in each basic block of
 * each program, and reports how much of it they reach: cases `coverage/<object>/<program>`, with
 * evidence `coverage` (base/coverage-record.ts). They `pass` whatever was reached; `skip` means
 * that it could not be measured, `error` that the probes changed the results of a vector.
 * @param kernelId the kernel on which coverage is measured
 */
export function measuring(check: CheckRun, kernelId: string): CheckRun {
	return {
		...check,
		async *run(pkg, bench) {
			const plain = new Map<string, Facts>();
			for await (const finding of check.run(pkg, bench)) {
				if (finding.evidence.actual) plain.set(finding.case, finding.evidence.actual as Facts);
				yield finding;
			}
			if (bench.kernel.id === kernelId) yield* measure(pkg, plain, bench);
		},
	};
}

/** @param plain results of each vector that ran without probes, by case */
async function* measure(
	pkg: Package,
	plain: ReadonlyMap<string, Facts>,
	bench: Workbench,
): AsyncIterable<Finding> {
	for (const { object, programs, vectors, alone } of pkg.objects.flatMap((each) => unitsOf(pkg, each))) {
		yield* runCases(bench, {
			alone,
			cases: programs.map(({ name }) => `coverage/${object.file}/${name}`),
			leftovers: `leftovers/coverage/${object.file}`,
			after: `all vectors of ${object.file} ran with probes and it was unloaded`,
			evidence: { object: object.file },
			async *run() {
				const seen: Seen = {
					measured: new Map(),
					obstacles: new Map(),
					run: new Map(),
					differing: new Map(),
					disturbed: [],
				};
				for (const load of loadsOf(object, programs, vectors)) await runLoad(load, plain, seen, bench);
				seen.disturbed = await stillDiffering(bench, vectors, seen.differing);
				for (const { name } of programs)
					yield { case: `coverage/${object.file}/${name}`, ...findingOf(object, name, seen, bench) };
			},
		});
	}
}

/** Programs of an object that are measured in one guest. */
interface Unit {
	object: PackageObject;
	programs: readonly ProgramFacts[];
	/** All vectors of these programs. */
	vectors: readonly PreparedVector[];
	/** Its one program can change what the agent says, and runs there. */
	alone: boolean;
}

function unitsOf(pkg: Package, object: PackageObject): Unit[] {
	const vectors = suiteOf(pkg).vectors.filter(({ subject }) => subject.object.file === object.file);
	const vectorsOf = (programs: readonly ProgramFacts[]) =>
		vectors.filter(({ subject }) => programs.some(({ name }) => name === subject.program.name));
	const all = programsOf(object, vectors);
	const apart = all.filter((program) => isCapable(program) && vectorsOf([program]).length > 0);
	const together = all.filter((program) => !apart.includes(program));
	return [
		...(together.length > 0 ? [{ programs: together, alone: false }] : []),
		...apart.map((program) => ({ programs: [program], alone: true })),
	].map((unit) => ({ object, vectors: vectorsOf(unit.programs), ...unit }));
}

/** Programs that vectors can run: not those that no kernel runs without attaching them. */
function programsOf(object: PackageObject, vectors: readonly PreparedVector[]): ProgramFacts[] {
	const wanted = new Set(wantedPrograms(object).map(({ name }) => name));
	const named = new Set(vectors.map(({ subject }) => subject.program.name));
	return object.programs.filter(({ name, meaning }) => {
		if (named.has(name)) return true;
		const type = meaning?.type ?? "unspec";
		return (
			wanted.has(name) &&
			testRunRules(type).packet !== "perhaps" &&
			neverRun(type, meaning?.attachType ?? "", "") === undefined
		);
	});
}

interface Load {
	subject: Subject;
	vectors: readonly PreparedVector[];
}

/** The loads of an object that its vectors need; without vectors one, to count its instructions. */
function loadsOf(
	object: PackageObject,
	[first]: readonly ProgramFacts[],
	vectors: readonly PreparedVector[],
): Load[] {
	const loads = groupsOf(vectors).map((group): Load => ({ subject: group[0].subject, vectors: group }));
	if (loads.length > 0 || !first) return loads;
	const subject = { object, program: first, type: first.meaning?.type ?? "unspec", key: object.file };
	return [{ subject, vectors: [] }];
}

async function runLoad(
	{ subject, vectors }: Load,
	plain: ReadonlyMap<string, Facts>,
	seen: Seen,
	bench: Workbench,
): Promise<void> {
	const programs = vectors.map((vector) => vector.subject.program.name);
	const sink = (coverage: Result<"coverage_read">) => keep(seen, coverage);
	const session = await VectorSession.open(await bench.guest(), subject, programs, sink);
	for (const [name, { errno }] of session.loaded.refused)
		seen.obstacles.set(name, `the kernel refuses it (errno ${errno}); see load/program/${name}`);
	const runnable = vectors.filter((vector) => session.loaded.loaded.has(vector.subject.program.name));
	let index = 0;
	for await (const run of session.runEach(runnable)) {
		const vector = runnable[index++];
		if (!vector || run.unfilled || run.steps.some((step) => step.run.errno !== 0)) continue;
		const { name } = vector.subject.program;
		seen.run.set(name, (seen.run.get(name) ?? 0) + 1);
		const before = plain.get(vector.case);
		const probed = judge(vector, run).actual;
		if (before && differing([before, probed]).length > 0) seen.differing.set(vector.case, [before, probed]);
	}
	await session.close();
}

function keep(seen: Seen, { programs }: Result<"coverage_read">): void {
	for (const program of programs) {
		if ("obstacle" in program) {
			seen.obstacles.set(program.name, program.obstacle);
			continue;
		}
		const known = seen.measured.get(program.name);
		seen.measured.set(program.name, known ? joined(known, program) : program);
	}
}

function findingOf(object: PackageObject, program: string, seen: Seen, bench: Workbench): FindingBody {
	const identity = { object: object.file, program };
	const coverage = seen.measured.get(program);
	const obstacle = seen.obstacles.get(program) ?? (coverage ? undefined : "it was not loaded");
	if (!coverage || obstacle !== undefined) {
		const facts = { program, kernel: bench.kernel.id, obstacle: obstacle ?? "" };
		return skipped(reason("not-measured", facts), identity);
	}
	const { disturbed } = seen;
	if (disturbed.length > 0) {
		const facts = { object: object.file, vectors: disturbed.slice(0, 5).join(", ") };
		return undecided(reason("probes-disturb", facts), { ...identity, disturbed: disturbed.slice(0, 100) });
	}
	try {
		return passed({ coverage: coverageEvidence(object, coverage, seen.run.get(program) ?? 0) });
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		return undecided(reason("invalid-line-info", { error: error.message }), identity);
	}
}

/**
 * How much of a program was reached: instructions, blocks and, with line information, lines.
 * @throws InputError when line information and BTF do not fit together
 */
function coverageEvidence(
	object: PackageObject,
	coverage: ProgramCoverage,
	vectors: number,
): CoverageEvidence {
	const blocks = blocksOf(coverage, object.btf?.littleEndian ?? true);
	const files = object.btf ? coveredFiles(coverage, object.btf, blocks) : [];
	const reachedLines = sum(files, ({ reached }) => linesIn(reached).length);
	const missedLines = sum(files, ({ missed }) => linesIn(missed).length);
	const of = (wanted: boolean | undefined) => blocks.filter(({ reached }) => reached === wanted);
	const instructions = (some: readonly Block[]) => sum(some, (block) => block.instructions);
	return {
		object: object.file,
		program: coverage.name,
		vectors,
		instructions: {
			reached: instructions(of(true)),
			total: instructions(blocks),
			unmeasured: instructions(of(undefined)),
			loaded: coverage.probed_insns,
		},
		blocks: { reached: of(true).length, total: blocks.length, unmeasured: of(undefined).length },
		lines: { reached: reachedLines, total: reachedLines + missedLines },
		missed: files.flatMap(({ file, missed }) =>
			missed === "" ? [] : missed.split(",").map((range) => `${file}:${range}`),
		),
		files,
	};
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
	return list.reduce((total, item) => total + of(item), 0);
}
