// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { judge } from "../../lab/subject/session/judgement.js";
import { isReady, programsOf, whyNever } from "../../lab/subject/session/needs.js";
import type { VectorRun } from "../../lab/subject/session/vector-run.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { TokenUser } from "./package-use.js";
import type { TokenSession } from "./token-session.js";

/** Vectors of a package that run in one loading of an object. */
export interface VectorGroup {
	readonly object: PackageObject;
	readonly vectors: readonly PreparedVector[];
}

/** A package's vectors, as far as a user with a token can run them. */
export interface GroupedVectors {
	groups: readonly VectorGroup[];
	/** Cases not run: they expect perf events, which only root of the guest may read. */
	unreadable: readonly string[];
}

/** @param each the first of each program alone, which shows that it is loaded and runs */
export function groupedVectors(pkg: Package, { each }: { each: boolean }): GroupedVectors {
	const unreadable: string[] = [];
	const groups = new Map<string, { object: PackageObject; vectors: PreparedVector[] }>();
	const programs = new Set<string>();
	for (const vector of suiteOf(pkg).vectors) {
		if (whyNever(vector) !== undefined) continue;
		if (expectsPerfEvents(vector)) {
			unreadable.push(vector.case);
			continue;
		}
		const { key, program, object } = vector.subject;
		if (each && programs.has(`${key}/${program.name}`)) continue;
		programs.add(`${key}/${program.name}`);
		const group = groups.get(key) ?? { object, vectors: [] };
		group.vectors.push(vector);
		groups.set(key, group);
	}
	return { groups: [...groups.values()], unreadable };
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

/**
 * Runs vectors of one group as a user with a token, or as root of the guest.
 *
 * @param user by default root of the guest
 * @returns those that do not pass, and why
 */
export async function failures(
	{ object, vectors }: VectorGroup,
	session: TokenSession,
	user?: TokenUser,
): Promise<Map<PreparedVector, string>> {
	const failed = new Map<PreparedVector, string>();
	const [first] = vectors;
	if (!first) return failed;
	const guest = user ? as(session.guest, user.client) : session.guest;
	const token = user?.tokenPath === undefined ? {} : { token_path: user.tokenPath };
	const programs = vectors.flatMap(programsOf).filter((name) => !object.others?.has(name));
	const names = [...new Set([...wantedPrograms(object).map(({ name }) => name), ...programs])];
	// Without perf event arrays: the session would read their events.
	const maps = object.maps.filter(({ type }) => type !== perfEvents);
	const subject = { ...first.subject, object: { ...object, maps } };
	const running = await VectorSession.open(guest, subject, programs, undefined, (args) =>
		loadObject(guest.client, { ...args, ...token }, names),
	);
	try {
		const ready = vectors.filter((vector) => isReady(vector, running.loaded.loaded));
		for (const vector of vectors)
			if (!ready.includes(vector)) failed.set(vector, "its program does not load");
		const runs = await running.runAll(ready);
		for (const [index, vector] of ready.entries()) {
			const why = whyFailed(vector, runs[index]);
			if (why !== undefined) failed.set(vector, why);
		}
	} finally {
		await running.close();
		session.forget(guestPath(object));
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
