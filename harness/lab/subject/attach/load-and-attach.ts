// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../../../data/package/package.js";
import type { Finding, Workbench } from "../../check.js";
import { loadObject } from "../load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../load/open-args.js";
import { mapFinding, programFinding } from "../load/program-finding.js";
import { loadTargets, targetObjects } from "../load/targets.js";
import { attachAll, notAttached, notLoaded } from "./attach-programs.js";
import { type Attachable, type NameOf, unattachables } from "./attachables.js";

/** An object of a package on a kernel. */
export interface LoadedFrom {
	pkg: Package;
	object: PackageObject;
	nameOf: NameOf;
	bench: Workbench;
}

/** What of an object is attached, and how. */
export interface Attaching {
	toAttach: readonly Attachable[];
	/** Attached later and elsewhere, once they load: a finding only on those that do not. */
	apart?: readonly Attachable[];
	/** Loads only what `toAttach` needs, where that loads. */
	alone?: boolean;
}

/**
 * Loads an object with the programs to load, attaches and detaches each of `toAttach`, and unloads
 * it again. First come the findings on programs, all together, unless they are not wanted.
 *
 * @param begin told which one is attached next, and undefined after the last
 */
export async function* loadAndAttach(
	{ pkg, object, nameOf, bench }: LoadedFrom,
	{ toAttach, apart = [], alone = false }: Attaching,
	withPrograms: boolean,
	begin: (attachable: Attachable | undefined) => void,
): AsyncIterable<Finding | readonly Finding[]> {
	const guest = await bench.guest();
	const { client } = guest;
	const targets = await loadTargets(pkg, object, client, guest.greeting.cpus);
	await client.call("file_write", { path: guestPath(object), data: object.loadable });
	const wanted = wantedPrograms(object);
	const names = wanted.map(({ name }) => name);
	const args = openArgs(object, guest.greeting.cpus, targets);
	const only = alone ? programsFor(object, toAttach) : [];
	let result = await loadObject(client, args, only.length > 0 ? only : names);
	// Program arrays can hold other programs from the beginning: then libbpf needs them all.
	if (only.some((name) => !result.loaded.has(name))) {
		if (result.handle !== undefined) await client.call("object_close", { object: result.handle });
		result = await loadObject(client, args, names);
	}

	if (withPrograms) {
		const findings: Finding[] = [];
		if (result.refusedMap)
			findings.push(await mapFinding(object, nameOf(result.refusedMap.load.name), result.refusedMap, bench));
		for (const program of wanted)
			findings.push(await programFinding(object, program, nameOf(program.name), result, bench));
		for (const unattachable of unattachables(object, nameOf))
			findings.push(notAttached(object, unattachable, result));
		for (const attachable of apart) {
			const finding = notLoaded(object, attachable, result);
			if (finding) findings.push(finding);
		}
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

/** Programs to load for these: their own, or those that a struct_ops map refers to. */
function programsFor(object: PackageObject, toAttach: readonly Attachable[]): string[] {
	const members = (name: string) => object.maps.find((map) => map.name === name)?.programs ?? [];
	return toAttach.flatMap(({ kind, name }) => (kind === "program" ? [name] : members(name)));
}
