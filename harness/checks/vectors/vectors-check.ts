// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import type { InputError } from "../../base/errors.js";
import { drift } from "../../data/vectors/drift.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import type { Check, CheckRun, Finding, Workbench } from "../../lab/check.js";
import { judge } from "../../lab/subject/session/judgement.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";
import type { VectorSession } from "../../lab/subject/session/vector-session.js";
import { measuring } from "./coverage/measure-coverage.js";
import { packetEvidence } from "./packet-evidence.js";
import { groupsOf, runGroup } from "./vector-group.js";
import { notLoaded, notRun, notSeen } from "./vector-not-run.js";

/** Most mismatches that the evidence holds. */
const maxTold = 50;

/**
 * Does each packet vector do what its file says? Cases `<file without suffix>/<name>`, `<file>` for
 * a file that is wrong, and `leftovers` when something stays behind after all was unloaded.
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
	across: drift,

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
	const [first] = errors;
	const more = errors.length > 1 ? `, and ${errors.length - 1} more` : "";
	return {
		case: stem,
		outcome: "error",
		reason: {
			code: "invalid-vectors",
			message: `${first?.message ?? "the vector file is invalid"}${more}`,
			hint: "mend the file; none of its vectors was run",
		},
		evidence: { errors: errors.map(({ message }) => message) },
	};
}

async function findingOf(
	vector: PreparedVector,
	run: VectorRun | undefined,
	session: VectorSession,
	bench: Workbench,
): Promise<Finding> {
	const { place, subject } = vector;
	const identity = { place, object: subject.object.file, program: subject.program.name };
	const base = { case: vector.case };
	if (!run) {
		const { outcome, reason, evidence } = await notLoaded(vector, session, bench);
		return { ...base, outcome, reason, evidence: { ...identity, ...evidence } };
	}
	if (run.unfilled) return { ...base, ...unfilled(run.unfilled, identity) };
	const failed = run.steps.findIndex(({ run: { errno } }) => errno !== 0);
	const [step, failure] = [vector.steps[failed], run.steps[failed]];
	if (step && failure) {
		const { outcome, reason, evidence } = await notRun(vector, step, failed + 1, failure.run, session, bench);
		return { ...base, outcome, reason, evidence: { ...identity, ...evidence } };
	}
	const unseen = await notSeen(vector, session, bench);
	if (unseen) return { ...base, ...unseen, evidence: { ...identity, ...unseen.evidence } };
	return { ...base, ...judged(vector, run, identity) };
}

function unfilled(
	{ entry, errno }: NonNullable<VectorRun["unfilled"]>,
	identity: Record<string, unknown>,
): Omit<Finding, "case"> {
	return {
		outcome: "error",
		reason: {
			code: "map-not-filled",
			message: `${entry} could not be written before the packet: ${errnoName(errno)}`,
			hint: "the package is not to blame; look whether the map has room for maps_before, and takes such a key",
		},
		evidence: { ...identity, errno },
	};
}

function judged(
	vector: PreparedVector,
	run: VectorRun,
	identity: Record<string, unknown>,
): Omit<Finding, "case"> {
	const judgement = judge(vector, run);
	const { mismatches, actual } = judgement;
	const duration_ns = run.steps.reduce((sum, step) => sum + step.run.duration_ns, 0);
	const evidence = { ...identity, actual, duration_ns };
	const [first] = mismatches;
	if (first === undefined) return { outcome: "pass", evidence };
	const more = mismatches.length > 1 ? `; and ${mismatches.length - 1} more` : "";
	return {
		outcome: "fail",
		reason: {
			code: "vector-mismatch",
			message: `${first}${more}`,
			hint: `the expectation stands at ${identity.place}; the evidence has all that differs`,
		},
		evidence: {
			...evidence,
			mismatches: mismatches.slice(0, maxTold),
			packets: packetEvidence(vector, judgement),
		},
	};
}
