// SPDX-License-Identifier: Apache-2.0
import { linkTypes, mapTypes, programTypes } from "../base/bpf.js";
import type { Inventory } from "../machine/guest/operations.js";
import type { KernelObjects } from "../machine/vm/view/kernel-objects.js";

/** What there is in a guest, by its two witnesses. */
export interface Contents {
	/** The agent's word: programs that run in the guest can falsify it. */
	inventory: Inventory;
	/** The host's view; absent for kernels that cannot be read from outside. */
	objects?: KernelObjects;
}

/**
 * What `now` has that `before` had not, each as `kind: name`, and which programs, maps and links
 * are gone; empty when a guest is as it was. What the host sees counts, not what the agent says.
 */
export function leftOver(before: Contents, now: Contents): string[] {
	const gone = [...named(before, now)].map((name) => `${name}, gone`);
	return [...more(names(before), names(now)), ...gone];
}

function named(before: Contents, now: Contents): string[] {
	return more(objectNames(now.objects ?? now.inventory), objectNames(before.objects ?? before.inventory));
}

/** One of a name takes one of a name: what is mounted over another mount looks like it. */
function more(before: readonly string[], now: readonly string[]): string[] {
	const known = [...before];
	return now.filter((name) => {
		const at = known.indexOf(name);
		if (at >= 0) known.splice(at, 1);
		return at < 0;
	});
}

type Listed = Pick<Inventory, "programs" | "maps" | "links">;

const objectNames = ({ programs, maps, links }: Listed): string[] => [
	...programs.map(({ id, name }) => `program: ${name || "unnamed"} (id ${id})`),
	...maps.map(({ id, name }) => `map: ${name || "unnamed"} (id ${id})`),
	...links.map(({ id, type }) => `link: type ${type} (id ${id})`),
];

function names({ inventory, objects }: Contents): string[] {
	const { btfs, netdevs, qdiscs, mounts, cgroups, pins, keys, processes } = inventory;
	return [
		...objectNames(objects ?? inventory),
		...btfs.map(({ id, name }) => `btf: ${name || "unnamed"} (id ${id})`),
		...netdevs.map((name) => `netdev: ${name}`),
		...qdiscs.map((name) => `qdisc: ${name}`),
		...mounts.map((name) => `mount: ${name}`),
		...cgroups.map((name) => `cgroup: ${name}`),
		...pins.map((name) => `pin: ${name}`),
		// Serial numbers are drawn by chance at each boot; type and description are what a key is
		// known by.
		...keys.map((name) => `key: ${name.replace(/^[0-9a-f]+ /, "")}`),
		...processes.map((name) => `process: ${name}`),
	];
}

/** Kinds of objects with an id: how bpf() lists them, and their types. */
const kinds = [
	{ key: "programs", kind: "program", list: "BPF_PROG_GET_NEXT_ID", types: programTypes },
	{ key: "maps", kind: "map", list: "BPF_MAP_GET_NEXT_ID", types: mapTypes },
	{ key: "links", kind: "link", list: "BPF_LINK_GET_NEXT_ID", types: linkTypes },
] as const;

/** Where the agent's word is not what the kernel's memory has, each as a sentence. */
export function contradictions({ inventory, objects }: Contents): string[] {
	if (!objects) return [];
	return kinds.flatMap(({ key, kind, list, types }) => {
		const described = (object: Described) => description(kind, object, types.name(object.type));
		const seen = new Map<number, Described>(objects[key].map((object) => [object.id, object]));
		const told = new Map<number, Described>(inventory[key].map((object) => [object.id, object]));
		return [
			...[...seen.values()]
				.filter(({ id }) => !told.has(id))
				.map((object) => `the kernel has ${described(object)}, which ${list} does not show`),
			...[...told.values()].flatMap((object) => {
				const real = seen.get(object.id);
				if (!real) return [`${list} shows ${described(object)}, which the kernel does not have`];
				if (real.type === object.type && real.name === object.name) return [];
				return [`BPF_OBJ_GET_INFO_BY_FD shows ${described(object)}, and the kernel has ${described(real)}`];
			}),
		];
	});
}

interface Described {
	id: number;
	type: number;
	name?: string;
	tag?: string;
}

function description(kind: string, { id, name, tag }: Described, type: string): string {
	const own = name === undefined ? "" : ` ${name || "unnamed"}`;
	return `${kind}${own} (id ${id}, ${type}${tag === undefined ? "" : `, tag ${tag}`})`;
}
