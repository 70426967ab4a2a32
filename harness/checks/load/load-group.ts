// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../base/errors.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { Finding, FindingBody, Workbench } from "../../lab/check.js";
import type { CaseGroup, Continuation } from "../../lab/run-cases.js";
import { attachAll, notAttached } from "../../lab/subject/attach/attach-programs.js";
import {
	type Attachable,
	attachables,
	type NameOf,
	unattachables,
} from "../../lab/subject/attach/attachables.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { mapFinding, programFinding } from "../../lab/subject/load/program-finding.js";
import { loadTargets, targetObjects } from "../../lab/subject/load/targets.js";

/** An object in the load check. */
export interface LoadedFrom {
	pkg: Package;
	object: PackageObject;
	nameOf: NameOf;
	bench: Workbench;
}

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
		...wantedPrograms(object).map(({ name }) => `program/${nameOf(name)}`),
		...attachables(object, nameOf).map(attachCase),
		...unattachables(object, nameOf).map(attachCase),
	];
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

async function* loadAndAttach(
	{ pkg, object, nameOf, bench }: LoadedFrom,
	toAttach: readonly Attachable[],
	withPrograms: boolean,
	begin: (attachable: Attachable | undefined) => void,
): AsyncIterable<Finding | readonly Finding[]> {
	const guest = await bench.guest();
	const { client } = guest;
	const targets = await loadTargets(pkg, object, client, guest.greeting.cpus);
	await client.call("file_write", { path: guestPath(object), data: object.loadable });
	const wanted = wantedPrograms(object);
	const names = wanted.map(({ name }) => name);
	const result = await loadObject(client, openArgs(object, guest.greeting.cpus, targets), names);

	if (withPrograms) {
		const findings: Finding[] = [];
		if (result.refusedMap)
			findings.push(await mapFinding(object, nameOf(result.refusedMap.load.name), result.refusedMap, bench));
		for (const program of wanted)
			findings.push(await programFinding(object, program, nameOf(program.name), result, bench));
		for (const unattachable of unattachables(object, nameOf))
			findings.push(notAttached(object, unattachable, result));
		yield findings;
	}
	yield* attachAll(object, toAttach, result, bench, begin);

	for (const handle of [result.handle, ...targets.values()]) {
		if (handle !== undefined) await client.call("object_close", { object: handle });
	}
	for (const file of [object, ...targetObjects(pkg, object)]) {
		await client.call("file_remove", { path: guestPath(file) });
	}
}
