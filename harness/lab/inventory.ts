// SPDX-License-Identifier: Apache-2.0
import type { Inventory } from "../machine/guest/operations.js";

/** What `now` has that `before` had not, each as `kind: name`; empty when a guest is as it was. */
export function leftOver(before: Inventory, now: Inventory): string[] {
	const known = names(before);
	// One of a name takes one of a name: what is mounted over another mount looks like it.
	return names(now).filter((name) => {
		const at = known.indexOf(name);
		if (at >= 0) known.splice(at, 1);
		return at < 0;
	});
}

function names(inventory: Inventory): string[] {
	const { programs, maps, links, btfs, netdevs, qdiscs, mounts, cgroups, pins, keys, processes } = inventory;
	return [
		...programs.map(({ id, name }) => `program: ${name || "unnamed"} (id ${id})`),
		...maps.map(({ id, name }) => `map: ${name || "unnamed"} (id ${id})`),
		...links.map(({ id, type }) => `link: type ${type} (id ${id})`),
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
