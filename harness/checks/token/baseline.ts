// SPDX-License-Identifier: Apache-2.0

import type { Package, PackageObject } from "../../data/package/package.js";
import type { AttachPoints } from "../../lab/subject/attach/attach-points.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { type LoadedObject, loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { loadTargets } from "../../lab/subject/load/targets.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { everything } from "./model/delegation.js";
import { PackageUser, type Refused, type Use } from "./package-use.js";
import type { TokenWorld } from "./token-session.js";
import { vectorsWithToken } from "./token-vectors.js";

/**
 * What a token can do for a package at the very most on this kernel: everything delegated, every
 * capability.
 */
export interface Baseline {
	/** Loads what loads so. */
	user: PackageUser;
	use: Use;
	/** Programs that root of the guest may load and nobody with a token, by name of their case. */
	ungrantable: Map<string, Refused>;
	/** Programs that this kernel refuses to root as well. */
	unloadable: string[];
	/**
	 * Vectors that pass for root of the guest and not with any token: of each program the first is
	 * run.
	 */
	beyond: ReadonlySet<string>;
}

/** Finds it out by trying. @param path a bpffs that delegates everything */
export async function baselineOf(
	pkg: Package,
	world: TokenWorld,
	points: AttachPoints,
	path: string,
): Promise<Baseline> {
	const client = await world.user(everything.capabilities);
	const all = new PackageUser(pkg, world, points);
	const use = await all.use(client, path);
	const ungrantable = new Map<string, Refused>();
	const unloadable: string[] = [];
	if (!use.refused)
		return { user: all, use, ungrantable, unloadable, beyond: await beyond(all, client, path) };
	const nameOf = caseNames(pkg);
	const left = new Set<string>();
	for (const object of pkg.objects) {
		const withToken = await loaded(pkg, object, client, world, path);
		if (withToken.refused.size === 0) continue;
		const asRoot = await loaded(pkg, object, world.guest.client, world, "");
		for (const [name, { errno, verifierLog, libbpfLog }] of withToken.refused) {
			left.add(`${object.file}/${name}`);
			const caseName = nameOf(object, name);
			if (asRoot.loaded.has(name))
				ungrantable.set(caseName, { object, what: "program", name, errno, verifierLog, libbpfLog });
			else unloadable.push(caseName);
		}
	}
	const user = new PackageUser(pkg, world, points, left);
	const rest = await user.use(client, path);
	return { user, use: rest, ungrantable, unloadable, beyond: await beyond(user, client, path) };
}

async function beyond(user: PackageUser, client: GuestClient, path: string): Promise<Set<string>> {
	const { failed } = await vectorsWithToken(user, client, path, { each: true });
	return new Set(failed.map(({ case: name }) => name));
}

/** How loading an object goes, program by program; nothing of it stays. */
async function loaded(
	pkg: Package,
	object: PackageObject,
	client: GuestClient,
	world: TokenWorld,
	tokenPath: string,
): Promise<LoadedObject> {
	const { cpus } = world.guest.greeting;
	const token = { token_path: tokenPath };
	const targets = await loadTargets(pkg, object, client, cpus, token);
	await client.call("file_write", { path: guestPath(object), data: object.bytes });
	const names = wantedPrograms(object).map(({ name }) => name);
	const result = await loadObject(client, { ...openArgs(object, cpus, targets), ...token }, names);
	for (const handle of [result.handle, ...targets.values()])
		if (handle !== undefined) await client.call("object_close", { object: handle });
	if (client === world.guest.client) await client.call("file_remove", { path: guestPath(object) });
	if (!result.unopened) return result;
	const all = new Map(names.map((name) => [name, result.unopened!] as const));
	return { ...result, refused: all };
}
