// SPDX-License-Identifier: Apache-2.0
import type { Guest } from "../../../machine/vm/guest.js";
import { allDone } from "../mechanism.js";

const above = "bpfgate-chain";
const own = `${above}/own`;

export interface CgroupFolder {
	path: string;
	handle: number;
}

/** A chain's cgroups: its own, its members' below, one above, one below all: the traffic's. */
export class CgroupTree {
	private constructor(
		private readonly guest: Guest,
		/** Names below the root cgroup, parents before children. */
		private readonly folders: ReadonlyMap<string, CgroupFolder>,
		private readonly deepest: string,
	) {}

	/** @param paths of members, relative to the chain's own; each is a prefix of the longest */
	static async open(guest: Guest, paths: readonly string[]): Promise<CgroupTree> {
		const longest = paths.reduce((deepest, path) => (path.length > deepest.length ? path : deepest), "");
		const deepest = `${within(longest)}/process`;
		const steps = deepest.split("/");
		const folders = new Map<string, CgroupFolder>();
		const tree = new CgroupTree(guest, folders, deepest);
		try {
			for (const index of steps.keys()) {
				const name = steps.slice(0, index + 1).join("/");
				const { path } = await guest.client.call("cgroup_add", { name });
				folders.set(name, { path, handle: (await guest.client.call("path_open", { path })).handle });
			}
			return tree;
		} catch (error) {
			await tree.close();
			throw error;
		}
	}

	/** The parent of the chain's own cgroup. */
	get above(): CgroupFolder {
		return this.folder(above);
	}

	/** Below the cgroups of all members; the process that sends the traffic is in it. */
	get process(): CgroupFolder {
		return this.folder(this.deepest);
	}

	/** @param path as of `open`; empty for the chain's own */
	at(path: string): CgroupFolder {
		return this.folder(within(path));
	}

	async close(): Promise<void> {
		const { client } = this.guest;
		const inward = [...this.folders].reverse();
		await allDone(
			inward.flatMap(([name, { handle }]) => [
				client.call("close", { handle }),
				client.call("cgroup_del", { name }),
			]),
		);
	}

	private folder(name: string): CgroupFolder {
		const folder = this.folders.get(name);
		if (!folder) throw new Error(`the chain has no cgroup ${name}`);
		return folder;
	}
}

const within = (path: string) => (path === "" ? own : `${own}/${path}`);
