// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../base/errors.js";
import { isCapable } from "../../data/package/capable.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import type { Finding, FindingBody, Workbench } from "../../lab/check.js";
import { type CaseGroup, runCases } from "../../lab/run-cases.js";
import { isReady, programsOf, whyNever } from "../../lab/subject/session/needs.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";

/** Vectors of one object with the same constants. */
export type Vectors = readonly [PreparedVector, ...PreparedVector[]];

/** The finding on a vector from its run; without a run, its program could not be loaded. */
export type FindingOf = (
	vector: PreparedVector,
	run: VectorRun | undefined,
	session: VectorSession,
	bench: Workbench,
) => Promise<Finding>;

/** One of these vectors may have caused the loss of the guest. */
interface Suspects {
	vectors: Vectors;
	loss: FindingBody;
	/** Something in the guest caused it, and not the host. */
	inGuest: boolean;
}

/** Most cases that evidence names. */
const maxNamed = 20;

/**
 * The vectors by what they need loaded: one load of the object serves a group. Those of a program
 * that can change what the agent says are groups of their own.
 */
export function groupsOf(vectors: readonly PreparedVector[]): Vectors[] {
	const groups = new Map<string, [PreparedVector, ...PreparedVector[]]>();
	for (const vector of vectors) {
		const { key, program } = vector.subject;
		const name = isCapable(program) ? `${key} ${program.name}` : key;
		const group = groups.get(name);
		if (group) group.push(vector);
		else groups.set(name, [vector]);
	}
	return [...groups.values()];
}

/** Whether nothing else may be judged in the guest of these vectors, which are one group. */
export function runAlone([{ subject }]: Vectors): boolean {
	return isCapable(subject.program);
}

/**
 * Runs a group of vectors, many in one request. When the guest is lost, those that were in the
 * request run again one by one on a fresh guest, so that only the one that caused the loss gets it:
 * its program ended two guests, and fails.
 */
export function runGroup(vectors: Vectors, bench: Workbench, findingOf: FindingOf): AsyncIterable<Finding> {
	return runCases(bench, caseGroup(vectors, bench, findingOf));
}

/** @param suspects of these vectors: they run first and one at a time */
function caseGroup(vectors: Vectors, bench: Workbench, findingOf: FindingOf, suspects?: Suspects): CaseGroup {
	const left = new Set(vectors);
	const places = new Map(vectors.map((vector) => [vector.case, vector.place]));
	let session: VectorSession | undefined;
	/** The vector that the check works on; undefined while the object is loaded. */
	let current: PreparedVector | undefined;
	/** Vectors that run by themselves, while they do. */
	let alone = suspects;

	async function* run(): AsyncIterable<Finding> {
		const programs = vectors.filter((vector) => whyNever(vector) === undefined).flatMap(programsOf);
		const guest = await bench.guest();
		const started = performance.now();
		session = await VectorSession.open(guest, vectors[0].subject, programs);
		const load = (performance.now() - started) / left.size;
		for (const vector of left) {
			if (isReady(vector, session.loaded.loaded)) continue;
			current = vector;
			yield await timedFinding(vector, undefined, session, load);
			left.delete(vector);
		}
		if (suspects) {
			yield* runEach(session, suspects.vectors, load);
			yield notAgain(suspects);
			alone = undefined;
		}
		yield* runEach(session, [...left], load);
		await session.close();
	}

	/** @param before milliseconds of what the vector shares with others */
	async function timedFinding(
		vector: PreparedVector,
		done: VectorRun | undefined,
		open: VectorSession,
		before: number,
	): Promise<Finding> {
		const started = performance.now();
		const finding = await findingOf(vector, done, open, bench);
		return { ...finding, duration_ms: Math.round((before + performance.now() - started) * 1000) / 1000 };
	}

	async function* runEach(
		open: VectorSession,
		some: readonly PreparedVector[],
		load: number,
	): AsyncIterable<Finding> {
		[current] = some;
		let index = 0;
		for await (const done of open.runEach(some, alone ? { most: 1, oneAtATime: true } : {})) {
			if (!current) return;
			yield await timedFinding(current, done, open, load + done.duration_ms);
			left.delete(current);
			current = some[++index];
		}
	}

	return {
		cases: vectors.map((vector) => vector.case),
		after: "all vectors ran and the object was unloaded",
		evidence: (name) => (places.has(name) ? { place: places.get(name) } : {}),
		alone: runAlone(vectors),
		run,
		continued(loss, cause) {
			const pending = session?.pending ?? 0;
			const inGuest = loss.outcome === "error" && cause instanceof UndecidedError && cause.inGuest;
			const maySuspect = current && !alone && (pending > 1 || (pending === 1 && inGuest));
			const blamed = maySuspect || !current ? [] : [current];
			const [first, ...others] = [...left].filter((vector) => !blamed.includes(vector));
			if (!current) return undefined;
			const again = inGuest && alone?.inGuest ? { verdict: endsGuests(current, loss, bench) } : {};
			const named = { blamed: blamed.map((vector) => vector.case), ...again };
			if (!first) return named;
			const rest: Vectors = [first, ...others];
			const [suspect, ...more] = rest.slice(0, pending);
			const next =
				maySuspect && suspect ? { vectors: [suspect, ...more] as const, loss, inGuest } : undefined;
			return { ...named, next: caseGroup(rest, bench, findingOf, next) };
		},
	};
}

/** The verdict on a vector with which two fresh guests were lost. */
function endsGuests(
	{ subject, ...vector }: PreparedVector,
	loss: FindingBody,
	bench: Workbench,
): FindingBody {
	const { object, program } = subject;
	const facts = { vector: vector.case, program: program.name, kernel: bench.kernel.id };
	return {
		outcome: "fail",
		reason: reason("vector-ends-guest", { ...facts, why: loss.reason?.message ?? "" }),
		evidence: {
			...{ place: vector.place, object: object.file, program: program.name },
			...(loss.reason ? { loss: loss.reason.code } : {}),
		},
	};
}

function notAgain({ vectors, loss: { outcome, reason } }: Suspects): Finding {
	const again =
		vectors.length === 1
			? `it was running ${vectors[0].case}, and did not happen again in a fresh guest`
			: `it was running one of ${vectors.length} vectors, and did not happen again when each ran by itself`;
	return {
		case: "lost-guest",
		outcome,
		...(reason ? { reason: { ...reason, message: `${reason.message}; ${again}` } } : {}),
		evidence: { cases: vectors.slice(0, maxNamed).map((vector) => vector.case) },
	};
}
