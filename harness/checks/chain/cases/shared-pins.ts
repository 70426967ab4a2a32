// SPDX-License-Identifier: Apache-2.0
import type { MapFacts } from "../../../data/package/elf/maps.js";
import type { PackageObject } from "../../../data/package/package.js";
import { toldMaps } from "../../../data/package/told.js";
import { reason, undecided } from "../../../data/reasons/registry/registry.js";
import type { Finding } from "../../../lab/check.js";
import { failed, passed, skipped } from "../../../lab/findings.js";
import { type LoadedObject, loadObject } from "../../../lab/subject/load/load-object.js";
import { guestPath, openArgs } from "../../../lab/subject/load/open-args.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { pinCase } from "../chain-cases.js";
import type { DeclaredChain } from "../model/declared-chain.js";
import { type PinUser, type SharedPin, sharedPins } from "../model/member-pins.js";

/**
 * Pins that objects of the chain share: case `pin/<path below /sys/fs/bpf>` for each. Loads the
 * maps of these objects in the chain's order, and compares the maps that they get. Where they are
 * not loaded, for another reason, the case is skipped: building the chain reports that.
 */
export async function sharedPinFindings(chain: DeclaredChain, guest: Guest): Promise<Finding[]> {
	const shared = sharedPins(chain);
	const objects = [...new Set(shared.flatMap(({ users }) => users.map(({ object }) => object)))];
	const loaded = new Map<PackageObject, LoadedObject>();
	for (const object of objects) loaded.set(object, await loadMaps(guest, object));
	const findings = shared.map((pin) => findingOf(chain, pin, loaded, guest.greeting.cpus));
	for (const { handle } of loaded.values())
		if (handle !== undefined) await guest.client.call("object_close", { object: handle });
	return findings;
}

async function loadMaps({ client, greeting }: Guest, object: PackageObject): Promise<LoadedObject> {
	const path = guestPath(object);
	await client.call("file_write", { path, data: object.loadable });
	const loaded = await loadObject(client, openArgs(object, greeting.cpus, new Map()), []);
	await client.call("file_remove", { path });
	return loaded;
}

function findingOf(
	chain: DeclaredChain,
	{ path, users }: SharedPin,
	loaded: ReadonlyMap<PackageObject, LoadedObject>,
	cpus: number,
): Finding {
	const name = pinCase(chain, path);
	const [first, ...others] = users as [PinUser, ...PinUser[]];
	const ids = users.map(
		({ object, map }) => loaded.get(object)?.maps.find((each) => each.name === map.name)?.id,
	);
	const evidence = {
		path,
		users: users.map(({ object, map, programs }, index) => ({
			...{ object: object.file, map: map.name, programs, ...definition(object, map, cpus) },
			...(ids[index] === undefined ? {} : { map_id: ids[index] }),
		})),
	};
	const refused = others.find(
		({ object, map }) => loaded.get(object)?.refusedMap?.load.name === map.name && ids[0] !== undefined,
	);
	if (refused) {
		const differences = differing(first, refused, cpus);
		const facts = { users: namesOf([first, refused]), path, differences };
		return { case: name, ...failed(reason("chain-pin-mismatch", facts), { ...evidence, differences }) };
	}
	const unloaded = users.filter((_, index) => ids[index] === undefined);
	if (unloaded.length > 0) {
		const facts = { users: namesOf(unloaded), path };
		return { case: name, ...skipped(reason("chain-pin-unloaded", facts), evidence) };
	}
	if (ids.some((id) => id !== ids[0]))
		throw undecided("channel-corrupt", { why: `it has several maps at the one pin ${path}` });
	const leading = users.filter((user) => leadsOn(chain, user));
	if (leading.length > 1) {
		const facts = { users: namesOf(leading), path };
		return { case: name, ...failed(reason("chain-pin-next", facts), evidence) };
	}
	const note = `${namesOf(users).join(" and ")} share one map: ${first.map.name}, pinned at ${path}`;
	return { case: name, ...passed({ ...evidence, note }) };
}

/** Whether the map is the prog_array that leads from one of its programs to the next member. */
function leadsOn({ root, members, mechanism }: DeclaredChain, { object, map }: PinUser): boolean {
	if (mechanism !== "tail_call") return false;
	if (root?.object === object && root.map === map.name) return true;
	return members.some((member) => member.object === object && member.next === map.name);
}

const shape = ["type", "key_size", "value_size", "max_entries", "flags", "map_extra"] as const;

function definition(object: PackageObject, map: MapFacts, cpus: number) {
	const told = toldMaps(object, cpus).find(({ name }) => name === map.name);
	const { type, key_size, value_size, flags, map_extra = 0 } = map;
	return { type, key_size, value_size, max_entries: told?.max_entries ?? map.max_entries, flags, map_extra };
}

/** `limit has max_entries 16, count 32` */
function differing(first: PinUser, other: PinUser, cpus: number): string[] {
	const [a, b] = [first, other].map(({ object, map }) => definition(object, map, cpus)) as [
		ReturnType<typeof definition>,
		ReturnType<typeof definition>,
	];
	const [of, and] = namesOf([first, other]);
	return shape
		.filter((key) => a[key] !== b[key])
		.map((key) => `${of} has ${key} ${a[key]}, ${and} ${b[key]}`);
}

const namesOf = (users: readonly PinUser[]) => users.map(({ programs }) => programs.join(", "));
