// SPDX-License-Identifier: Apache-2.0
import { reason } from "../../data/reasons/registry/registry.js";
import type { Check } from "../../lab/check.js";
import { skipped } from "../../lab/findings.js";
import { runCases } from "../../lab/run-cases.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { loadGroup, objectCases } from "./load-group.js";

/**
 * Does every program of every object load, and attach where an attach point can be made? Cases
 * `program/<name>`, `attach/<name>` (programs and struct_ops maps), `map/<name>` for a map that the
 * kernel refuses, `object/<object>` for an object without programs, and `leftovers/<object>` for
 * what is still in the kernel after everything was detached and unloaded.
 */
export const loadCheck: Check = {
	name: "load",
	summary: "does every program load, and attach to its hook?",
	suits: () => true,
	create: () => ({
		cases(pkg) {
			const nameOf = caseNames(pkg);
			return pkg.objects.flatMap((object) => objectCases(object, (name) => nameOf(object, name)));
		},

		async *run(pkg, bench) {
			const nameOf = caseNames(pkg);
			for (const object of pkg.objects) {
				if (object.programs.length === 0) {
					const why = reason("no-program", { object: object.file });
					yield { case: `object/${object.file}`, ...skipped(why, { object: object.file }) };
					continue;
				}
				const nameIn = (name: string) => nameOf(object, name);
				yield* runCases(bench, loadGroup({ pkg, object, nameOf: nameIn, bench }));
			}
		},
	}),
};
