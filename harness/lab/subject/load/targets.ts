// SPDX-License-Identifier: Apache-2.0

import type { Package, PackageObject } from "../../../data/package/package.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import type { Args } from "../../../machine/guest/operations.js";
import { loadObject } from "./load-object.js";
import { guestPath, openArgs, wantedPrograms } from "./open-args.js";

/** The objects whose programs are targets of this object's programs. */
export function targetObjects(pkg: Package, object: PackageObject): PackageObject[] {
	const files = Object.values(object.settings.programs ?? {})
		.filter((setting) => setting.target?.program !== undefined)
		.map((setting) => setting.target?.object ?? object.file);
	return pkg.objects.filter(({ file }) => files.includes(file));
}

/** Loads targets of freplace, fentry and fexit; handles by file. @param more for `object_open` */
export async function loadTargets(
	pkg: Package,
	object: PackageObject,
	client: GuestClient,
	cpus: number,
	more: Partial<Args<"object_open">> = {},
): Promise<Map<string, number>> {
	const handles = new Map<string, number>();
	for (const target of targetObjects(pkg, object)) {
		await client.call("file_write", { path: guestPath(target), data: target.loadable });
		const names = wantedPrograms(target).map(({ name }) => name);
		const { handle } = await loadObject(client, { ...openArgs(target, cpus, new Map()), ...more }, names);
		if (handle !== undefined) handles.set(target.file, handle);
	}
	return handles;
}
