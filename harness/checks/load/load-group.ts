// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../base/errors.js";
import { isCapable } from "../../data/package/capable.js";
import type { PackageObject } from "../../data/package/package.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { Finding, FindingBody } from "../../lab/check.js";
import { skipped } from "../../lab/findings.js";
import type { CaseGroup, Continuation } from "../../lab/run-cases.js";
import {
	type Attachable,
	attachables,
	type NameOf,
	unattachables,
} from "../../lab/subject/attach/attachables.js";
import { type LoadedFrom, loadAndAttach } from "../../lab/subject/attach/load-and-attach.js";
import { wantedPrograms } from "../../lab/subject/load/open-args.js";

/** What to attach after the programs of the object were judged, in another guest. */
interface Rest {
	toAttach: readonly Attachable[];
	/** How a guest was lost while the first of them, which is tried again, was being attached. */
	lost?: FindingBody;
}

/** The cases of one object that must each get a finding. */
export function objectCases(object: PackageObject, nameOf: NameOf): string[] {
	if (object.programs.length === 0) return [`object/${object.file}`];
	return [...otherVariants(object, nameOf).map(({ case: name }) => name), ...casesOfUsed(object, nameOf)];
}

function casesOfUsed(object: PackageObject, nameOf: NameOf): string[] {
	return [
		...wantedPrograms(object).map(({ name }) => `program/${nameOf(name)}`),
		...attachables(object, nameOf).map(attachCase),
		...unattachables(object, nameOf).map(attachCase),
	];
}

/** The findings on programs that are not loaded because another variant is used. */
export function otherVariants(object: PackageObject, nameOf: NameOf): Finding[] {
	return [...(object.others ?? [])].map(([name, why]) => ({
		case: `program/${nameOf(name)}`,
		...skipped(why, { object: object.file }),
	}));
}

export const attachCase = ({ caseName }: Pick<Attachable, "caseName">) => `attach/${caseName}`;

/** Whether what is attached can change what the agent says: a program, or a struct_ops map. */
function isCapableIn(object: PackageObject, { kind, name }: Attachable): boolean {
	return kind === "map" || object.programs.some((program) => program.name === name && isCapable(program));
}

/** The attach cases of an object that need a guest of their own. */
export function attachedAlone(object: PackageObject, nameOf: NameOf): Attachable[] {
	return attachables(object, nameOf).filter((each) => isCapableIn(object, each));
}

/**
 * Loads an object, and attaches and detaches each program that cannot change what the agent says:
 * the verdicts on all programs come from a guest in which no other program was ever attached.
 *
 * @param isLast nothing is loaded after it: one program that can is attached there at the end
 */
export function loadGroup(from: LoadedFrom, isLast: boolean): CaseGroup {
	return groupOf(from, undefined, isLast);
}

/** Attaches a program in a guest where nothing else is judged: it decides no other case. */
export function attachGroup(from: LoadedFrom, attachable: Attachable): CaseGroup {
	return groupOf(from, { toAttach: [attachable] });
}

/**
 * A program that costs the guest when it is attached gets a second, fresh guest: if it costs that
 * one too, it fails; the programs after it go on without it.
 */
function groupOf(from: LoadedFrom, rest?: Rest, isLast = false): CaseGroup {
	const { object, nameOf } = from;
	const capable = attachedAlone(object, nameOf);
	const together = attachables(object, nameOf).filter((each) => !isCapableIn(object, each));
	const [here, apart] = isLast ? [capable.slice(0, 1), capable.slice(1)] : [[], capable];
	const toAttach = rest?.toAttach ?? [...together, ...here];
	const alone = toAttach.some((each) => isCapableIn(object, each));
	let isJudged = rest !== undefined;
	let current: Attachable | undefined;

	function continued(loss: FindingBody, cause: unknown): Continuation | undefined {
		// What did not load here is attached nowhere.
		if (!isJudged) return { blamed: casesOfUsed(object, nameOf) };
		const at = current ? toAttach.indexOf(current) : -1;
		const culprit = toAttach[at];
		if (!culprit) return undefined;
		const after = toAttach.slice(at + 1);
		const inGuest = cause instanceof UndecidedError && cause.inGuest;
		if (loss.outcome === "error" && !inGuest) return undefined;
		const isSecond = rest?.lost !== undefined && at === 0;
		if (loss.outcome === "error" && !isSecond)
			return { blamed: [], next: groupOf(from, { toAttach: [culprit, ...after], lost: loss }) };
		return {
			blamed: [attachCase(culprit)],
			verdict: loss.outcome === "error" ? endsGuests(from, culprit, loss) : loss,
			...(after.length > 0 ? { next: groupOf(from, { toAttach: after }) } : {}),
		};
	}

	const isApart = new Set(apart.map(attachCase));
	return {
		cases: rest ? toAttach.map(attachCase) : objectCases(object, nameOf).filter((name) => !isApart.has(name)),
		leftovers: `leftovers/${object.file}`,
		after: rest
			? `${toAttach.map(({ name }) => name).join(", ")} was detached and ${object.file} unloaded`
			: `everything of ${object.file} was detached and unloaded`,
		evidence: { object: object.file },
		alone,
		async *run() {
			if (!rest) yield otherVariants(object, nameOf);
			const attach = { toAttach, apart: rest ? [] : apart, alone: rest !== undefined };
			for await (const finding of loadAndAttach(from, attach, !rest, (next) => (current = next))) {
				isJudged = true;
				yield finding;
				const [first] = toAttach;
				if (rest?.lost && first && "case" in finding && finding.case === attachCase(first))
					yield notAgain(first, rest.lost);
			}
		},
		continued,
	};
}

/** The verdict on a program with which two fresh guests were lost. */
function endsGuests({ object, bench }: LoadedFrom, culprit: Attachable, loss: FindingBody): FindingBody {
	const { name, target } = culprit;
	const section = object.programs.find((program) => program.name === name)?.section;
	const hook = target.hook === "auto" ? (section ?? "struct_ops") : target.hook;
	const why = loss.reason?.message ?? "";
	return {
		outcome: "fail",
		reason: reason("attach-ends-guest", { program: name, hook, kernel: bench.kernel.id, why }),
		evidence: { object: object.file, hook: target.hook, loss: loss.reason?.code },
	};
}

/** The loss of a guest that the second attempt did not show. */
function notAgain(attachable: Attachable, { outcome, reason: why }: FindingBody): Finding {
	const again = `it was attaching ${attachable.name}, and did not happen again in a fresh guest`;
	return {
		case: `lost-guest/${attachable.caseName}`,
		outcome,
		...(why ? { reason: { ...why, message: `${why.message}; ${again}` } } : {}),
		evidence: {},
	};
}
