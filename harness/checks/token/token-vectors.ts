// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import type { Package } from "../../data/package/package.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { judge } from "../../lab/subject/session/judgement.js";
import { isReady, programsOf, whyNever } from "../../lab/subject/session/needs.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { TokenSession } from "./token-session.js";

/** The results of a package's vectors for a user with a token. */
export interface TokenVectors {
	passed: number;
	/** Case and why, of those that pass for root of the guest. */
	failed: { case: string; why: string }[];
	/** Cases not run: they expect perf events, which only root of the guest may read. */
	unreadable: string[];
}

/**
 * Runs the vectors as a user with a token; those that fail for root of the guest do not count.
 * @param each the first vector of each program alone
 */
export async function vectorsWithToken(
	pkg: Package,
	session: TokenSession,
	client: GuestClient,
	tokenPath: string,
	{ each = false } = {},
): Promise<TokenVectors> {
	const { guest } = session;
	const seen: TokenVectors = { passed: 0, failed: [], unreadable: [] };
	const groups = new Map<string, PreparedVector[]>();
	const programs = new Set<string>();
	for (const vector of suiteOf(pkg).vectors) {
		if (whyNever(vector) !== undefined) continue;
		if (expectsPerfEvents(vector)) {
			seen.unreadable.push(vector.case);
			continue;
		}
		const { key, program } = vector.subject;
		if (each && programs.has(`${key}/${program.name}`)) continue;
		programs.add(`${key}/${program.name}`);
		groups.set(key, [...(groups.get(key) ?? []), vector]);
	}
	for (const group of groups.values()) {
		const failed = await failures(as(guest, client), group, { token_path: tokenPath });
		const alsoForRoot = failed.size > 0 ? await failures(guest, [...failed.keys()], {}) : new Map();
		seen.passed += group.length - failed.size;
		for (const [vector, why] of failed)
			if (!alsoForRoot.has(vector)) seen.failed.push({ case: vector.case, why });
		for (const { subject } of group) session.forget(guestPath(subject.object));
	}
	return seen;
}

/** Reading one takes CAP_PERFMON in the initial user namespace (perf_event_open(2)). */
const perfEvents = "perf_event_array";

function expectsPerfEvents({ steps, after }: PreparedVector): boolean {
	const expected = [...steps.map((step) => step.expected), ...(after ? [after] : [])];
	return expected.some(({ events }) => events.some(({ perf }) => perf));
}

/** The same guest, as another user. */
function as(guest: Guest, client: GuestClient): Guest {
	return Object.create(guest, { client: { value: client, enumerable: true } });
}

async function failures(
	guest: Guest,
	vectors: readonly PreparedVector[],
	token: { token_path?: string },
): Promise<Map<PreparedVector, string>> {
	const failed = new Map<PreparedVector, string>();
	const [first] = vectors;
	if (!first) return failed;
	const { object } = first.subject;
	const programs = vectors.flatMap(programsOf).filter((name) => !object.others?.has(name));
	const names = [...new Set([...wantedPrograms(object).map(({ name }) => name), ...programs])];
	// Without perf event arrays: the session would read their events.
	const maps = object.maps.filter(({ type }) => type !== perfEvents);
	const subject = { ...first.subject, object: { ...object, maps } };
	const session = await VectorSession.open(guest, subject, programs, undefined, (args) =>
		loadObject(guest.client, { ...args, ...token }, names),
	);
	try {
		const ready = vectors.filter((vector) => isReady(vector, session.loaded.loaded));
		for (const vector of vectors)
			if (!ready.includes(vector)) failed.set(vector, "its program does not load");
		const runs = await session.runAll(ready);
		for (const [index, vector] of ready.entries()) {
			const why = whyFailed(vector, runs[index]);
			if (why !== undefined) failed.set(vector, why);
		}
	} finally {
		await session.close();
	}
	return failed;
}

function whyFailed(vector: PreparedVector, run: VectorRun | undefined): string | undefined {
	if (!run) return "it did not run";
	if (run.unfilled) return `a map entry cannot be written: ${errnoName(run.unfilled.errno)}`;
	const refused = run.steps.find((step) => step.run.errno !== 0);
	if (refused) return `the kernel does not run it: ${errnoName(refused.run.errno)}`;
	return judge(vector, run).mismatches[0];
}
