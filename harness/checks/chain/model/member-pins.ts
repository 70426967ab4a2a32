// SPDX-License-Identifier: Apache-2.0
import type { MapFacts } from "../../../data/package/elf/maps.js";
import { bpffs } from "../../../data/package/manifest/manifest.js";
import type { PackageObject } from "../../../data/package/package.js";
import type { DeclaredChain } from "./declared-chain.js";

/** An object of a chain that pins a map at a path, and what of the chain is in it. */
export interface PinUser {
	object: PackageObject;
	map: MapFacts;
	/** Labels of the members in the object, and the root program's name. */
	programs: string[];
}

/** A path in bpffs at which several objects of a chain pin a map, so that they share it. */
export interface SharedPin {
	path: string;
	users: PinUser[];
}

/** The pins that objects of the chain share, by path. */
export function sharedPins(chain: DeclaredChain): SharedPin[] {
	const pins = new Map<string, PinUser[]>();
	for (const [object, programs] of objectsOf(chain)) {
		for (const map of object.maps) {
			if (map.pin === undefined) continue;
			pins.set(map.pin, [...(pins.get(map.pin) ?? []), { object, map, programs }]);
		}
	}
	return [...pins]
		.map(([path, users]) => ({ path, users }))
		.filter(({ users }) => new Set(users.map(({ object }) => object)).size > 1);
}

/** The objects of the chain's programs, in the order of the members; the root's first. */
export function objectsOf({ root, members }: DeclaredChain): Map<PackageObject, string[]> {
	const objects = new Map<PackageObject, string[]>();
	const add = (object: PackageObject, name: string) =>
		objects.set(object, [...(objects.get(object) ?? []), name]);
	if (root) add(root.object, root.program.name);
	for (const { object, label } of members) add(object, label);
	return objects;
}

/**
 * The maps of an object that a second load of it reuses: those that other objects of the chain
 * share, and those that the manifest pins at a path of their own.
 */
export function reusedPins(chain: DeclaredChain, object: PackageObject): MapFacts[] {
	const shared = new Set(sharedPins(chain).map(({ path }) => path));
	return object.maps.filter(
		({ name, pin }) =>
			pin !== undefined && (shared.has(pin) || object.settings.maps?.[name]?.pinning === pin),
	);
}

/**
 * Where a second load of an object pins its other maps: it stands for another version of the
 * package, whose maps are its own.
 * @param number of the object in the chain
 */
export function movedPins(
	chain: DeclaredChain,
	object: PackageObject,
	number: number,
): { name: string; pin: string }[] {
	const reused = reusedPins(chain, object);
	return object.maps
		.filter((map) => map.pin !== undefined && !reused.includes(map))
		.map(({ name }) => ({ name, pin: `${bpffs}/bpfgate-second/${number}/${name}` }));
}
