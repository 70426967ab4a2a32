// SPDX-License-Identifier: Apache-2.0

import { InputError } from "../../../base/errors.js";
import { vectorsRun } from "../../../checks/vectors/vectors-check.js";
import { wildcard } from "../../../data/package/manifest/wildcard.js";
import type { Package, PackageFile } from "../../../data/package/package.js";
import type { Change } from "../../../data/vectors/record/change.js";
import { vectorChanges } from "../../../data/vectors/record/changes.js";
import { assertEditable, editText } from "../../../data/vectors/record/edit.js";
import { type EventTypes, eventTypes } from "../../../data/vectors/record/events.js";
import { differing } from "../../../data/vectors/record/observed.js";
import { type PlacedVector, placedVectors } from "../../../data/vectors/record/placed.js";
import type { Recording } from "../../../data/vectors/record/record.js";
import { type PreparedVector, suiteOf } from "../../../data/vectors/suite.js";
import type { Fresh } from "./reference-kernel.js";
import { type Rehearsal, rehearse } from "./rehearse.js";

export interface Wanted {
	/** Also replace expectations that do not hold. */
	update: boolean;
	/** Pattern of the cases. */
	vector?: string;
}

/** What would be written, and what would not. */
export interface Proposal {
	files: { file: PackageFile; before: string; after: string; vectors: number }[];
	/** Vectors that were left alone, and why. */
	left: { case: string; outcome: "fail" | "skip" | "error"; reason: string }[];
	/** Facts that differ between two runs, by case. */
	unstable: { case: string; facts: string[] }[];
	/** Cases that still do not pass with the proposed files, and why. */
	unproven: { case: string; reason: string }[];
}

/** The vectors that lack an expectation, or all when expectations are updated. */
function chosen(pkg: Package, { update, vector }: Wanted): PlacedVector[] {
	const suite = suiteOf(pkg);
	const matches = wildcard(vector ?? "*");
	// All frames of a vector, or none: their results are written together.
	const matching = placedVectors(pkg, suite).filter(({ cases }) =>
		cases.some(({ case: name }) => matches(name)),
	);
	if (vector !== undefined && matching.length === 0)
		throw new InputError("--vector", "", `${JSON.stringify(vector)} matches no case of ${pkg.name}`);
	return matching.filter(({ written }) => update || lacksExpectation(written));
}

function lacksExpectation({ sequence, expect, each }: PlacedVector["written"]): boolean {
	const steps = sequence ?? [{ expect, each }];
	return steps.some((step) => step.expect === undefined && step.each === undefined);
}

/**
 * Runs vectors twice in fresh guests, makes the changed files, and checks those; writes nothing.
 * @throws InputError when no vector is chosen, or a file cannot be changed in place
 */
export async function propose(pkg: Package, wanted: Wanted, fresh: Fresh): Promise<Proposal> {
	const placed = chosen(pkg, wanted);
	const proposal: Proposal = { files: [], left: [], unstable: [], unproven: [] };
	const cases = placed.flatMap((each) => each.cases);
	if (cases.length === 0) return proposal;
	// Now: later, guests would have run for nothing.
	for (const file of new Set(placed.map((each) => each.file))) assertEditable(file.display, textOf(file));
	const one = await rehearsed(cases, fresh);
	const other = await rehearsed(cases, fresh);
	const changes = new Map<PackageFile, { changes: Change[]; cases: string[] }>();
	const types = eventTypesByObject(pkg);
	for (const each of placed) {
		const recordings = each.cases.flatMap((vector) => recordingOf(vector, one, other, types, proposal) ?? []);
		if (each.written.sequence === undefined && each.cases.length > recordings.length && each.cases.length > 1)
			continue;
		const made = vectorChanges(each.written, recordings, wanted.update);
		if (made.length === 0) continue;
		const ofFile = changes.get(each.file) ?? { changes: [], cases: [] };
		const at = ["vectors", String(each.index)];
		ofFile.changes.push(...made.map(({ path, value }) => ({ path: [...at, ...path], value })));
		ofFile.cases.push(...each.cases.map((vector) => vector.case));
		changes.set(each.file, ofFile);
	}
	for (const [file, { changes: made, cases: changedCases }] of changes) {
		const before = textOf(file);
		const after = editText(file.display, before, made);
		proposal.files.push({ file, before, after, vectors: changedCases.length });
	}
	if (proposal.files.length > 0) {
		const changedCases = [...changes.values()].flatMap((each) => each.cases);
		proposal.unproven = await unproven(pkg, proposal, changedCases, fresh);
	}
	return proposal;
}

const textOf = ({ bytes }: PackageFile) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

async function rehearsed(cases: readonly PreparedVector[], fresh: Fresh): Promise<Map<string, Rehearsal>> {
	const bench = await fresh();
	try {
		return await rehearse(cases, bench);
	} finally {
		await bench.retire();
	}
}

function recordingOf(
	vector: PreparedVector,
	one: ReadonlyMap<string, Rehearsal>,
	other: ReadonlyMap<string, Rehearsal>,
	types: ReadonlyMap<string, EventTypes>,
	proposal: Proposal,
): Recording | undefined {
	const [first, second] = [one.get(vector.case), other.get(vector.case)];
	for (const rehearsal of [first, second]) {
		if (rehearsal?.kind !== "not-run") continue;
		const { outcome, reason } = rehearsal;
		const left = outcome === "pass" ? "error" : outcome;
		proposal.left.push({
			case: vector.case,
			outcome: left,
			reason: reason?.message ?? `ended with ${outcome}`,
		});
		return undefined;
	}
	if (first?.kind !== "observed" || second?.kind !== "observed") return undefined;
	const { facts, proposed } = differing(vector, first.observed, second.observed);
	const news = proposed.filter((fact) => !vector.isVolatile(fact));
	if (news.length > 0) proposal.unstable.push({ case: vector.case, facts: news });
	const patterns = facts.map(wildcard);
	return {
		vector,
		run: first.observed,
		again: second.observed,
		isVolatile: (fact) => vector.isVolatile(fact) || patterns.some((matches) => matches(fact)),
		types: types.get(vector.subject.object.file) ?? new Map(),
	};
}

function eventTypesByObject(pkg: Package): Map<string, EventTypes> {
	const { vectors } = suiteOf(pkg);
	return new Map(
		pkg.objects.map(({ file }) => [
			file,
			eventTypes(vectors.filter(({ subject }) => subject.object.file === file)),
		]),
	);
}

/** Reads the proposed files and runs the check on them. */
async function unproven(
	pkg: Package,
	{ files }: Proposal,
	cases: readonly string[],
	fresh: Fresh,
): Promise<Proposal["unproven"]> {
	const written: Package = {
		...pkg,
		vectors: pkg.vectors.map((file) => {
			const changed = files.find((each) => each.file === file);
			return changed ? { ...file, bytes: new TextEncoder().encode(changed.after) } : file;
		}),
	};
	const known = new Set(suiteOf(pkg).invalid.map(({ stem }) => stem));
	const invalid = suiteOf(written).invalid.filter(({ stem }) => !known.has(stem));
	const [error] = invalid.flatMap(({ errors }) => errors);
	if (error) throw error;
	const wanted = new Set(cases);
	const open = new Set(cases);
	const failed: Proposal["unproven"] = [];
	const bench = await fresh();
	try {
		for await (const { case: name, outcome, reason } of vectorsRun.run(written, bench)) {
			open.delete(name);
			if (wanted.has(name) && outcome !== "pass")
				failed.push({ case: name, reason: reason?.message ?? `ended with ${outcome}` });
		}
	} finally {
		await bench.retire();
	}
	return [...failed, ...[...open].map((name) => ({ case: name, reason: "did not run" }))];
}
