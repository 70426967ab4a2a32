// SPDX-License-Identifier: Apache-2.0
import type { GuestClient } from "../../guest/client.js";
import type { Package, PackageObject } from "../../package/package.js";
import { everything } from "../../token/delegation.js";
import type { AttachPoints } from "../load/attach-points.js";
import { caseNames } from "../load/case-names.js";
import { type LoadedObject, loadObject } from "../load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../load/open-args.js";
import { loadTargets } from "../load/targets.js";
import { PackageUser, type Refused, type Use } from "./package-user.js";
import type { TokenWorld } from "./world.js";

/** What a token can do for a package at the very most on this kernel: everything delegated, every capability. */
export interface Baseline {
	/** Loads what loads so. */
	user: PackageUser;
	use: Use;
	/** Programs that root of the guest may load and nobody with a token, by name of their case. */
	ungrantable: Map<string, Refused>;
	/** Programs that this kernel refuses to root as well. */
	unloadable: string[];
}

/** Finds it out by trying. */
export async function baselineOf(pkg: Package, world: TokenWorld, points: AttachPoints): Promise<Baseline> {
	const user = new PackageUser(pkg, world, points);
	const use = await user.withDelegation(everything);
	if (!use.refused) return { user, use, ungrantable: new Map(), unloadable: [] };
	const nameOf = caseNames(pkg);
	const ungrantable = new Map<string, Refused>();
	const unloadable: string[] = [];
	const left = new Set<string>();
	const path = await world.mount(everything);
	try {
		for (const object of pkg.objects) {
			const withToken = await loaded(pkg, object, await world.user(everything.capabilities), world, path);
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
	} finally {
		await world.unmount(path);
	}
	const rest = new PackageUser(pkg, world, points, left);
	return { user: rest, use: await rest.withDelegation(everything), ungrantable, unloadable };
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
