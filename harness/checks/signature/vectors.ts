// SPDX-License-Identifier: Apache-2.0
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import type { Finding } from "../../lab/check.js";
import { judge } from "../../lab/subject/session/judgement.js";
import { isReady, programsOf, whyNever } from "../../lab/subject/session/needs.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";
import type { Guest } from "../../machine/vm/guest.js";
import { AdoptedObject } from "./adopted.js";
import { settingEvidence } from "./finding.js";
import type { InstalledSubject } from "./subject.js";
import type { Way } from "./way.js";

/** Most vectors that the evidence names. */
const maxTold = 50;

/**
 * Do the package's vectors say the same of the object as its loader installed it? One that is as
 * wrong without a loader is the vectors check's to tell.
 */
export async function* vectorsFinding(name: string, subject: InstalledSubject): AsyncIterable<Finding> {
	const { pkg, object, ways, way, setting, bench } = subject;
	const own = suiteOf(pkg).vectors.filter((vector) => vector.subject.object.file === object.file);
	if (own.length === 0) return;
	const guest = await bench.guest();
	const groups = new Map<string, PreparedVector[]>();
	for (const vector of own.filter((each) => whyNever(each) === undefined)) {
		const { key } = vector.subject;
		groups.set(key, [...(groups.get(key) ?? []), vector]);
	}
	let ran = 0;
	const notInstalled: string[] = [];
	const differ: Record<string, string> = {};
	for (const group of groups.values()) {
		const changed = group[0]!.subject.object;
		const other = changed === object ? way : await ways.made(changed);
		const wrong = await wrongOf(guest, group, other, notInstalled);
		ran += group.length;
		if (wrong.size === 0) continue;
		const plainly = await wrongOf(guest, [...wrong.keys()], undefined, []);
		for (const [vector, mismatch] of wrong) if (!plainly.has(vector)) differ[vector.case] = mismatch;
	}
	ran -= notInstalled.length;
	const differing = Object.entries(differ);
	const evidence = {
		...settingEvidence(setting),
		vectors: ran,
		...(notInstalled.length > 0 ? { not_installed: notInstalled.slice(0, maxTold) } : {}),
	};
	const [first] = differing;
	if (first) {
		const reason = {
			code: "signing-changes-behaviour",
			message: `${first[0]}: ${first[1]}; not so when the object is loaded without its loader${differing.length > 1 ? ` (and ${differing.length - 1} more)` : ""}`,
			hint: "the loader installs something else than the object; sign the package anew with `bpfgate sign`",
		};
		const told = Object.fromEntries(differing.slice(0, maxTold));
		yield { case: name, outcome: "fail", reason, evidence: { ...evidence, differ: told } };
	} else if (ran === 0) {
		const reason = {
			code: "not-installed",
			message:
				"none of the vectors is about a program that the loader installs and that can be run by itself",
			hint: "see the vectors check",
		};
		yield { case: name, outcome: "skip", reason, evidence };
	} else {
		yield { case: name, outcome: "pass", evidence };
	}
}

/**
 * The vectors of a group that say that something is wrong, with the first thing that is. @param way
 * without: loaded plainly
 */
async function wrongOf(
	guest: Guest,
	group: readonly PreparedVector[],
	way: Way | undefined,
	notReady: string[],
): Promise<Map<PreparedVector, string>> {
	const adopted = way && new AdoptedObject(guest.client, way.loader, way.installation);
	const load = adopted && ((args: Parameters<AdoptedObject["load"]>[0]) => adopted.load(args));
	const wrong = new Map<PreparedVector, string>();
	const session = await VectorSession.open(
		guest,
		group[0]!.subject,
		group.flatMap(programsOf),
		undefined,
		load,
	);
	try {
		const { loaded } = session.loaded;
		const ready = group.filter((vector) => isReady(vector, loaded));
		notReady.push(...group.filter((vector) => !ready.includes(vector)).map((vector) => vector.case));
		let at = 0;
		for await (const run of session.runEach(ready)) {
			const vector = ready[at++]!;
			const failed = run.unfilled !== undefined || run.steps.some((step) => step.run.errno !== 0);
			const mismatch = failed ? "could not be run" : judge(vector, run).mismatches[0];
			if (mismatch !== undefined) wrong.set(vector, mismatch);
		}
	} finally {
		await session.close();
		await adopted?.close();
	}
	return wrong;
}
