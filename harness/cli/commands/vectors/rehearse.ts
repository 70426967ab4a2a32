// SPDX-License-Identifier: Apache-2.0

import { type FindingOf, groupsOf, runGroup } from "../../../checks/vectors/vector-group.js";
import { notFilled, notLoaded, notRun } from "../../../checks/vectors/vector-not-run.js";
import { isReadable, mapModel } from "../../../data/vectors/map-model.js";
import type { Observed } from "../../../data/vectors/record/observed.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { FindingBody, Workbench } from "../../../lab/check.js";
import { outputOf } from "../../../lab/subject/session/judgement.js";
import type { VectorRun } from "../../../lab/subject/session/vector-run.js";
import type { VectorSession } from "../../../lab/subject/session/vector-session.js";

/** The result of running a vector to record it. */
export type Rehearsal = { kind: "observed"; observed: Observed } | ({ kind: "not-run" } & FindingBody);

/** Runs vectors regardless of their expectations, and reads the maps after each packet. By case. */
export async function rehearse(
	vectors: readonly PreparedVector[],
	bench: Workbench,
): Promise<Map<string, Rehearsal>> {
	const rehearsals = new Map<string, Rehearsal>();
	await rehearseAll(vectors, true, bench, rehearsals);
	// Kernels before 5.15 give XDP programs no context.
	const without = vectors.filter(
		({ case: name, subject }) => subject.type === "xdp" && rehearsals.get(name)?.kind === "not-run",
	);
	await rehearseAll(without, false, bench, rehearsals);
	return rehearsals;
}

async function rehearseAll(
	vectors: readonly PreparedVector[],
	context: boolean,
	bench: Workbench,
	rehearsals: Map<string, Rehearsal>,
): Promise<void> {
	const findingOf: FindingOf = async (vector, run, session) => {
		const rehearsal = await rehearsalOf(vector, run, session, bench);
		rehearsals.set(vector.case, rehearsal);
		return { case: vector.case, outcome: "pass", evidence: {} };
	};
	const watched = vectors.map((vector) => watchedVector(vector, context));
	for (const group of groupsOf(watched))
		for await (const { case: name, outcome, reason } of runGroup(group, bench, findingOf))
			if (outcome !== "pass" && reason)
				rehearsals.set(name, { kind: "not-run", outcome, reason, evidence: {} });
}

async function rehearsalOf(
	vector: PreparedVector,
	run: VectorRun | undefined,
	session: VectorSession,
	bench: Workbench,
): Promise<Rehearsal> {
	if (!run) return { kind: "not-run", ...(await notLoaded(vector, session, bench)) };
	if (run.unfilled) return { kind: "not-run", ...notFilled(run.unfilled) };
	const refused = run.steps.findIndex(({ run: { errno } }) => errno !== 0);
	const [step, failure] = [vector.steps[refused], run.steps[refused]];
	if (step && failure)
		return { kind: "not-run", ...(await notRun(vector, step, refused + 1, failure.run, session, bench)) };
	return { kind: "observed", observed: observedOf(vector, run) };
}

/** The vector with maps expected after every packet, to read them; `context`: XDP's too. */
function watchedVector(vector: PreparedVector, context: boolean): PreparedVector {
	const { object, type } = vector.subject;
	const model = object.maps.flatMap(({ name }) => mapModel(object, name) ?? []).find(isReadable);
	const nothing = { kind: "entries" as const, exact: false, entries: [] };
	return {
		...vector,
		steps: vector.steps.map((step) => ({
			...step,
			wantsContext: step.wantsContext || (context && type === "xdp"),
			expected: {
				...step.expected,
				maps: model ? [...step.expected.maps, { model, expected: nothing }] : step.expected.maps,
			},
		})),
	};
}

function observedOf(vector: PreparedVector, run: VectorRun): Observed {
	return {
		before: run.before,
		steps: run.steps.flatMap((each, index) => {
			const step = vector.steps[index];
			if (!step) return [];
			const output = outputOf(vector.subject.type, step, each);
			return [{ ...output, maps: each.maps ?? new Map(), events: each.events }];
		}),
	};
}
