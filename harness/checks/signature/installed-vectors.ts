// SPDX-License-Identifier: Apache-2.0
import { isCapable } from "../../data/package/capable.js";
import { reason } from "../../data/reasons/registry/registry.js";
import { type PreparedVector, suiteOf } from "../../data/vectors/suite.js";
import type { FindingBody } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import { judge } from "../../lab/subject/session/judgement.js";
import { isReady, programsOf, whyNever } from "../../lab/subject/session/needs.js";
import { VectorSession } from "../../lab/subject/session/vector-session.js";
import type { Guest } from "../../machine/vm/guest.js";
import { AdoptedObject } from "./adopted-object.js";
import type { InstallPlan } from "./install-plan.js";
import type { PlannedSubject } from "./installed-object.js";
import { settingEvidence } from "./signature-finding.js";

/** Vectors named in evidence. */
const maxNamed = 50;

/** Whether vectors give the same results for the installed object; undefined without vectors. */
export async function vectorsFinding(subject: PlannedSubject): Promise<FindingBody | undefined> {
	const { pkg, object, guests, setting, bench } = subject;
	const own = suiteOf(pkg).vectors.filter((vector) => vector.subject.object.file === object.file);
	if (own.length === 0) return undefined;
	const groups = new Map<string, PreparedVector[]>();
	for (const vector of own.filter((each) => whyNever(each) === undefined)) {
		const { key, program } = vector.subject;
		// What one such program did decides nothing about the vectors of others.
		const group = isCapable(program) ? `${key} ${program.name}` : key;
		groups.set(group, [...(groups.get(group) ?? []), vector]);
	}
	let ran = 0;
	const notInstalled: string[] = [];
	const differ: Record<string, string> = {};
	for (const group of groups.values()) {
		const changed = group[0]!.subject.object;
		const capable = isCapable(group[0]!.subject.program);
		const plans = await guests.plans();
		const plan = changed === object ? await plans.own(object) : await plans.signedHere(changed);
		guests.ran(capable || (guests.ownLoaders && changed === object));
		const wrong = await wrongOf(await bench.guest(), group, plan, notInstalled);
		ran += group.length;
		if (wrong.size === 0) continue;
		await guests.renew();
		guests.ran(capable);
		const wrongToo = await wrongOf(await bench.guest(), [...wrong.keys()], undefined, []);
		for (const [vector, mismatch] of wrong) if (!wrongToo.has(vector)) differ[vector.case] = mismatch;
	}
	ran -= notInstalled.length;
	const differing = Object.entries(differ);
	const evidence = {
		...settingEvidence(setting),
		vectors: ran,
		...(notInstalled.length > 0 ? { not_installed: notInstalled.slice(0, maxNamed) } : {}),
	};
	const [first] = differing;
	if (first) {
		const [vector, mismatch] = first;
		return failed(reason("signing-changes-behaviour", { vector, mismatch, more: differing.length - 1 }), {
			...evidence,
			differ: Object.fromEntries(differing.slice(0, maxNamed)),
		});
	}
	if (ran > 0) return passed(evidence);
	const why = "no vector is about a program that the loader installs and that can run by itself";
	return skipped(reason("not-installed", { object: object.file, why }), evidence);
}

/** Failed vectors of a group, with the first mismatch. @param way without: loaded plainly */
async function wrongOf(
	guest: Guest,
	group: readonly PreparedVector[],
	plan: InstallPlan | undefined,
	notReady: string[],
): Promise<Map<PreparedVector, string>> {
	const adopted = plan && new AdoptedObject(guest.client, plan.loader, plan.installation);
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
