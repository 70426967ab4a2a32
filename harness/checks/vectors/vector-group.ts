// SPDX-License-Identifier: Apache-2.0
import type { PreparedVector } from "../../data/vectors/suite.js";
import type { Finding, Workbench } from "../../lab/check.js";
import { isReady, programsOf, whyNever } from "../../lab/subject/session/needs.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";

/**
 * What is said of a vector: of what it did, or, without a run, of why its program could not be
 * loaded.
 */
export type FindingOf = (
	vector: PreparedVector,
	run: VectorRun | undefined,
	session: VectorSession,
	bench: Workbench,
) => Promise<Finding>;

/** Most cases that evidence names. */
const maxNamed = 20;

type Loss = Awaited<ReturnType<Workbench["lost"]>>;

/**
 * Runs vectors of one object with the same constants, many at a time. When the guest is lost, those
 * that it may have been at are run again one by one on a fresh guest, so that the one that is to
 * blame gets the outcome and no other.
 */
export async function* runGroup(
	group: readonly [PreparedVector, ...PreparedVector[]],
	bench: Workbench,
	findingOf: FindingOf,
): AsyncIterable<Finding> {
	const left = new Set<PreparedVector>(group);
	const programs = group.filter((vector) => whyNever(vector) === undefined).flatMap(programsOf);
	let session: VectorSession | undefined;
	/** One of so many of the next, which are run by themselves. */
	let suspects: { vectors: PreparedVector[]; loss: Loss } | undefined;
	while (left.size > 0) {
		let at: PreparedVector | undefined;
		try {
			session ??= await VectorSession.open(await bench.guest(), group[0].subject, programs);
			const { loaded } = session.loaded;
			for (const vector of left) {
				if (isReady(vector, loaded)) continue;
				at = vector;
				yield await findingOf(vector, undefined, session, bench);
				left.delete(vector);
			}
			const next = suspects?.vectors ?? [...left];
			[at] = next;
			let index = 0;
			for await (const run of session.runEach(next, suspects ? { most: 1, oneAtATime: true } : {})) {
				if (!at) break;
				yield await findingOf(at, run, session, bench);
				left.delete(at);
				at = next[++index];
			}
			if (suspects) yield notAgain(suspects.vectors, suspects.loss);
			suspects = undefined;
		} catch (cause) {
			const pending = session?.pending ?? 0;
			session = undefined;
			const loss = await bench.lost(cause);
			if (at && !suspects && pending > 1) {
				const from = [...left];
				suspects = { vectors: from.slice(0, pending), loss };
				continue;
			}
			// One alone is to blame; or all, when not even loading their object could be seen to
			// its end.
			for (const vector of at ? [at] : [...left]) {
				yield { case: vector.case, ...loss, evidence: { place: vector.place } };
				left.delete(vector);
			}
			suspects = undefined;
		}
	}
	try {
		await session?.close();
		const leftovers = await bench.leftovers();
		if (leftovers.length > 0) yield leftoversOf(leftovers);
	} catch (cause) {
		yield { case: "leftovers", ...(await bench.lost(cause)), evidence: {} };
	}
}

function notAgain(vectors: readonly PreparedVector[], { outcome, reason }: Loss): Finding {
	return {
		case: "lost-guest",
		outcome,
		reason: {
			...reason,
			message: `${reason.message}; it was at one of ${vectors.length} vectors, and when each was run by itself it did not happen again`,
		},
		evidence: { cases: vectors.slice(0, maxNamed).map((vector) => vector.case) },
	};
}

function leftoversOf(left: readonly string[]): Finding {
	return {
		case: "leftovers",
		outcome: "fail",
		reason: {
			code: "leftovers",
			message: `after all vectors were run and the object unloaded, the kernel still has ${left.slice(0, 5).join(", ")}`,
			hint: "look for programs that pin or create what nobody takes away again",
		},
		evidence: { leftovers: left.slice(0, 100) },
	};
}
