// SPDX-License-Identifier: Apache-2.0
import { type VariantChoice, variantsCase } from "../../data/package/variants.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { Check, Finding } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import { runCases } from "../../lab/run-cases.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { wantedPrograms } from "../../lab/subject/load/open-args.js";
import {
	attachCase,
	attachedAlone,
	attachGroup,
	loadGroup,
	objectCases,
	otherVariants,
} from "./load-group.js";

/**
 * Does every program of every object load, and attach where an attach point can be made? Cases
 * `variants/<first>` for a choice between variants, `program/<name>`, `attach/<name>` (programs and
 * struct_ops maps), `map/<name>` for a map that the kernel refuses, `object/<object>` for an object
 * without programs, and `leftovers/<object>` for what is still in the kernel after everything was
 * detached and unloaded.
 */
export const loadCheck: Check = {
	name: "load",
	summary: "does every program load, and attach to its hook?",
	suits: () => true,
	create: () => ({
		cases(pkg) {
			const nameOf = caseNames(pkg);
			const ofObjects = pkg.objects.flatMap((object) => objectCases(object, (name) => nameOf(object, name)));
			return [...pkg.variants.map(variantsCase), ...ofObjects];
		},

		async *run(pkg, bench) {
			const nameOf = caseNames(pkg);
			for (const choice of pkg.choices ?? []) yield choiceFinding(choice);
			const found = new Set<string>();
			const later: (() => AsyncIterable<Finding>)[] = [];
			for (const object of pkg.objects) {
				if (object.programs.length === 0) {
					const why = reason("no-program", { object: object.file });
					yield { case: `object/${object.file}`, ...skipped(why, { object: object.file }) };
					continue;
				}
				const nameIn = (name: string) => nameOf(object, name);
				// Of an object that is one variant nothing is loaded, not even its maps.
				if (object.others && wantedPrograms(object).length === 0) {
					yield* otherVariants(object, nameIn);
					continue;
				}
				const from = { pkg, object, nameOf: nameIn, bench };
				for await (const finding of runCases(bench, loadGroup(from, object === pkg.objects.at(-1)))) {
					found.add(finding.case);
					yield finding;
				}
				for (const attachable of attachedAlone(object, nameIn))
					if (!found.has(attachCase(attachable)))
						later.push(() => runCases(bench, attachGroup(from, attachable)));
			}
			// Only now, when everything was loaded: what such a program does decides no other case.
			for (const run of later) yield* run();
		},
	}),
};

/** Which variant is used, or why none is. */
function choiceFinding({ set, used, refused }: VariantChoice): Finding {
	const each = refused.map(({ variant, reason }) => ({ label: variant.label, why: reason.message }));
	const evidence = { ...(used ? { used: used.label } : {}), refused: each };
	const body = used ? passed(evidence) : failed(reason("no-variant", { refused: each }), evidence);
	return { case: variantsCase(set), ...body };
}
