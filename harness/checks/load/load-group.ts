// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../base/errors.js";
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

/** What to attach on a fresh guest after one was lost while an attachment was made. */
interface Rest {
	toAttach: readonly Attachable[];
	/** How the guest was lost while the first of them, which is tried again, was being attached. */
	lost?: FindingBody;
}

/** The cases of one object that must each get a finding. */
export function objectCases(object: PackageObject, nameOf: NameOf): string[] {
	if (object.programs.length === 0) return [`object/${object.file}`];
	return [
		...otherVariants(object, nameOf).map(({ case: name }) => name),
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

const attachCase = ({ caseName }: Pick<Attachable, "caseName">) => `attach/${caseName}`;

/**
 * Loads an object, attaches and detaches each program. A program that costs the guest when it is
 * attached gets a second, fresh guest: if it costs that one too, it fails; the programs after it go
 * on without it.
 */
export function loadGroup(from: LoadedFrom, rest?: Rest): CaseGroup {
	const { object, nameOf } = from;
	const toAttach = rest?.toAttach ?? attachables(object, nameOf);
	let current: Attachable | undefined;

	function continued(loss: FindingBody, cause: unknown): Continuation | undefined {
		const at = current ? toAttach.indexOf(current) : -1;
		const culprit = toAttach[at];
		if (!culprit) return undefined;
		const after = toAttach.slice(at + 1);
		const inGuest = cause instanceof UndecidedError && cause.inGuest;
		if (loss.outcome === "error" && !inGuest) return undefined;
		const isSecond = rest?.lost !== undefined && at === 0;
		if (loss.outcome === "error" && !isSecond)
			return { blamed: [], next: loadGroup(from, { toAttach: [culprit, ...after], lost: loss }) };
		return {
			blamed: [attachCase(culprit)],
			verdict: loss.outcome === "error" ? endsGuests(from, culprit, loss) : loss,
			...(after.length > 0 ? { next: loadGroup(from, { toAttach: after }) } : {}),
		};
	}

	return {
		cases: rest ? toAttach.map(attachCase) : objectCases(object, nameOf),
		leftovers: `leftovers/${object.file}`,
		after: `everything of ${object.file} was detached and unloaded`,
		evidence: { object: object.file },
		async *run() {
			if (!rest) yield otherVariants(object, nameOf);
			for await (const finding of loadAndAttach(from, toAttach, !rest, (next) => (current = next))) {
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
