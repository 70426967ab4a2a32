// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../../data/package/package.js";
import type { Check, Finding, Workbench } from "../../lab/check.js";
import { runCases } from "../../lab/run-cases.js";
import { attachAll } from "../../lab/subject/attach/attach-programs.js";
import { attachables, type NameOf } from "../../lab/subject/attach/attachables.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { mapFinding, programFinding } from "../../lab/subject/load/program-finding.js";
import { loadTargets, targetObjects } from "../../lab/subject/load/targets.js";

/**
 * Does every program of every object load, and attach where an attach point can be made? Cases
 * `program/<name>`, `attach/<name>` (programs and struct_ops maps), `map/<name>` for a map that the
 * kernel refuses, and `leftovers/<object>` for what is still in the kernel after everything was
 * detached and unloaded.
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
				const nameIn: NameOf = (name) => nameOf(object, name);
				yield* runCases(bench, {
					cases: objectCases(object, nameIn),
					leftovers: `leftovers/${object.file}`,
					after: `everything of ${object.file} was detached and unloaded`,
					evidence: { object: object.file },
					run: () => loadAndAttach(pkg, object, nameIn, bench),
				});
			}
		},
	}),
};

function objectCases(object: PackageObject, nameOf: NameOf): string[] {
	return [
		...wantedPrograms(object).map(({ name }) => `program/${nameOf(name)}`),
		...attachables(object, nameOf).map(({ caseName }) => `attach/${caseName}`),
	];
}

async function* loadAndAttach(
	pkg: Package,
	object: PackageObject,
	nameOf: NameOf,
	bench: Workbench,
): AsyncIterable<Finding | readonly Finding[]> {
	const guest = await bench.guest();
	const { client } = guest;
	const targets = await loadTargets(pkg, object, client, guest.greeting.cpus);
	await client.call("file_write", { path: guestPath(object), data: object.loadable });
	const wanted = wantedPrograms(object);
	const names = wanted.map(({ name }) => name);
	const result = await loadObject(client, openArgs(object, guest.greeting.cpus, targets), names);

	const findings: Finding[] = [];
	if (result.refusedMap)
		findings.push(await mapFinding(object, nameOf(result.refusedMap.load.name), result.refusedMap, bench));
	for (const program of wanted)
		findings.push(await programFinding(object, program, nameOf(program.name), result, bench));
	yield findings;
	yield* attachAll(object, attachables(object, nameOf), result, bench);

	for (const handle of [result.handle, ...targets.values()]) {
		if (handle !== undefined) await client.call("object_close", { object: handle });
	}
	for (const file of [object, ...targetObjects(pkg, object)]) {
		await client.call("file_remove", { path: guestPath(file) });
	}
}
