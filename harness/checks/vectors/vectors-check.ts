// SPDX-License-Identifier: Apache-2.0

import type { InputError } from "../../base/errors.js";
import { reason } from "../../data/reasons/registry/registry.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import type { Check, CheckRun, Finding, FindingBody, Workbench } from "../../lab/check.js";
import { failed, passed } from "../../lab/findings.js";
import { judge } from "../../lab/subject/session/judgement.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";
import type { VectorSession } from "../../lab/subject/session/vector-session.js";
import { betweenKernels } from "./between-kernels.js";
import { measuring } from "./coverage/measure-coverage.js";
import { packetEvidence } from "./packet-evidence.js";
import { groupsOf, runGroup } from "./vector-group.js";
import { notFilled, notLoaded, notRun, notSeen, notWhole } from "./vector-not-run.js";

/** Most mismatches that the evidence holds. */
const maxMismatches = 50;

/**
 * Does each packet vector do what its file says? Cases `<file without suffix>/<name>`, `<file>` for
 * an invalid file, `leftovers` for what is still in the kernel after everything was unloaded, and
 * `lost-guest` for a loss that no single vector causes.
 */
export const vectorsCheck: Check = {
	name: "vectors",
	summary: "does each packet vector do what its file says, alike on all kernels?",
	suits: () => true,
	create({ coverage, kernels }) {
		const last = kernels.at(-1);
		return coverage && last ? measuring(vectorsRun, last.id) : vectorsRun;
	},
};

/** The check without measuring coverage. */
export const vectorsRun: CheckRun = {
	across: betweenKernels,

	cases(pkg) {
		const { vectors, invalid } = suiteOf(pkg);
		return [...invalid.map(({ stem }) => stem), ...vectors.map((vector) => vector.case)];
	},

	async *run(pkg, bench) {
		const { vectors, invalid } = suiteOf(pkg);
		for (const { stem, errors } of invalid) yield invalidFile(stem, errors);
		for (const group of groupsOf(vectors)) yield* runGroup(group, bench, findingOf);
	},
};

function invalidFile(stem: string, errors: readonly InputError[]): Finding {
	const messages = errors.map(({ message }) => message);
	const [first = "the vector file is invalid"] = messages;
	const why = reason("invalid-vectors", { first, more: errors.length - 1 });
	return { case: stem, ...failed(why, { errors: messages }) };
}

async function findingOf(
	vector: PreparedVector,
	run: VectorRun | undefined,
	session: VectorSession,
	bench: Workbench,
): Promise<Finding> {
	const { place, subject } = vector;
	const body = await bodyOf(vector, run, session, bench);
	const identity = { place, object: subject.object.file, program: subject.program.name };
	return { case: vector.case, ...body, evidence: { ...identity, ...body.evidence } };
}

async function bodyOf(
	vector: PreparedVector,
	run: VectorRun | undefined,
	session: VectorSession,
	bench: Workbench,
): Promise<FindingBody> {
	if (!run) return notLoaded(vector, session, bench);
	const partly = notWhole(vector);
	if (partly) return partly;
	if (run.unfilled) return notFilled(run.unfilled);
	const refused = run.steps.findIndex(({ run: { errno } }) => errno !== 0);
	const [step, failure] = [vector.steps[refused], run.steps[refused]];
	if (step && failure) return notRun(vector, step, refused + 1, failure.run, session, bench);
	return (await notSeen(vector, session, bench)) ?? judged(vector, run);
}

function judged(vector: PreparedVector, run: VectorRun): FindingBody {
	const judgement = judge(vector, run);
	const { mismatches, actual } = judgement;
	const duration_ns = run.steps.reduce((sum, step) => sum + step.run.duration_ns, 0);
	const [first] = mismatches;
	if (first === undefined) return passed({ actual, duration_ns });
	const { place } = vector;
	return failed(reason("vector-mismatch", { first, more: mismatches.length - 1, place }), {
		...{ actual, duration_ns, mismatches: mismatches.slice(0, maxMismatches) },
		packets: packetEvidence(vector, judgement),
	});
}
