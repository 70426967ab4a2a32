// SPDX-License-Identifier: Apache-2.0
import type { Workbench } from "../../checks/check.js";
import { outputOf } from "../../checks/vectors/judge.js";
import { notLoaded, notRun } from "../../checks/vectors/refused.js";
import { Session, type VectorRun } from "../../checks/vectors/session.js";
import type { Outcome, Reason } from "../../results/results.js";
import { errnoName } from "../../uapi/errno.js";
import { isReadable, mapModel } from "../../vectors/map-model.js";
import type { Observed } from "../../vectors/record/observed.js";
import type { PreparedVector } from "../../vectors/suite.js";

/** What came of running a vector to see what it does. */
export type Rehearsal =
	| { kind: "observed"; observed: Observed }
	| { kind: "not-run"; outcome: Outcome; reason: Reason };

/** Runs vectors, whatever is expected of them, and reads the maps after each packet. By case. */
export async function rehearse(
	vectors: readonly PreparedVector[],
	bench: Workbench,
): Promise<Map<string, Rehearsal>> {
	const groups = new Map<string, PreparedVector[]>();
	for (const vector of vectors)
		groups.set(vector.subject.key, [...(groups.get(vector.subject.key) ?? []), vector]);
	const rehearsals = new Map<string, Rehearsal>();
	for (const group of groups.values()) {
		const programs = group.map(({ subject }) => subject.program.name);
		let session: Session | undefined;
		for (const vector of group) {
			try {
				session ??= await Session.open(await bench.guest(), vector.subject, programs);
				const { rehearsal, spoilt } = await rehearseOne(vector, session, bench);
				rehearsals.set(vector.case, rehearsal);
				if (!spoilt) continue;
				await session.close();
				session = undefined;
			} catch (cause) {
				session = undefined;
				rehearsals.set(vector.case, { kind: "not-run", ...(await bench.lost(cause)) });
			}
		}
		await session?.close();
		// Whoever comes next gets a fresh guest if something stayed behind.
		await bench.leftovers();
	}
	return rehearsals;
}

async function rehearseOne(
	vector: PreparedVector,
	session: Session,
	bench: Workbench,
): Promise<{ rehearsal: Rehearsal; spoilt: boolean }> {
	if (!session.loaded.loaded.has(vector.subject.program.name)) {
		const { outcome, reason } = await notLoaded(vector, session, bench);
		return { rehearsal: { kind: "not-run", outcome, reason }, spoilt: false };
	}
	let watched = watchedVector(vector, true);
	let run = await session.run(watched);
	let { spoilt } = run;
	if (refusedStep(run) >= 0 && !spoilt) {
		// Kernels before 5.15 give XDP programs no context.
		watched = watchedVector(vector, false);
		run = await session.run(watched);
		spoilt = run.spoilt;
	}
	if (run.unfilled) {
		const { entry, errno } = run.unfilled;
		const reason = {
			code: "map-not-filled",
			message: `${entry} could not be written before the packet: ${errnoName(errno)}`,
			hint: "look whether the map has room for maps_before, and takes such a key",
		};
		return { rehearsal: { kind: "not-run", outcome: "error", reason }, spoilt };
	}
	const refused = refusedStep(run);
	const [step, failure] = [vector.steps[refused], run.steps[refused]];
	if (step && failure) {
		const { outcome, reason } = await notRun(vector, step, refused + 1, failure.run, session, bench);
		return { rehearsal: { kind: "not-run", outcome, reason }, spoilt };
	}
	return { rehearsal: { kind: "observed", observed: observedOf(watched, run) }, spoilt };
}

const refusedStep = ({ steps }: VectorRun): number => steps.findIndex(({ run: { errno } }) => errno !== 0);

/**
 * The vector with something to be seen of maps after every packet, so that they are read.
 *
 * @param context asks for the context of XDP programs, without which metadata cannot be told from the packet
 */
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
