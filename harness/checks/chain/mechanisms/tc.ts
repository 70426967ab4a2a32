// SPDX-License-Identifier: Apache-2.0

import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import { GuestError } from "../../../machine/guest/guest-error.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { ChainEntry } from "../chain-entry.js";
import type { ChainPrograms } from "../chain-programs.js";
import { type Direction, directionOf, type HookDevice, hookDevice, onDevice } from "../hook-device.js";
import { type KernelList, listOnDevice } from "../listed-chain.js";
import { type Mechanism, RefusedEntry } from "../mechanism.js";
import type { DeclaredMember } from "../model/declared-chain.js";

/** Modules with clsact and with filters that are BPF programs. */
export const clsactModules = ["sch_ingress", "cls_bpf"];

/** Kernel: net/sched/cls_bpf.c, cls_api.c; direct action since 4.4, clsact since 4.5. */
export const tc: Mechanism = {
	name: "tc",
	lack: (_chain, bench) => clsactLack(bench),
	async open(chain, guest) {
		for (const name of clsactModules) await guest.client.call("module_load", { name });
		const direction = directionOf(chain.hook);
		const device = await hookDevice(guest, direction);
		return listOnDevice(chain, guest, device, (programs) => filterList(guest, device, direction, programs));
	},
};

/** Why the kernel cannot have filters of clsact; undefined when it can. */
export async function clsactLack(bench: Workbench): Promise<Lack | undefined> {
	for (const name of clsactModules) {
		const lack = await bench.lack(`module:${name}`);
		if (lack) return lack;
	}
	return undefined;
}

/** clsact filters, each a program with direct action. A filter's pref is its priority. */
export function filterList(
	{ client }: Guest,
	device: HookDevice,
	direction: Direction,
	programs: ChainPrograms,
): KernelList {
	/** The agent's, of each member that is attached. */
	const links = new Map<DeclaredMember, number>();
	const filter = (entry: ChainEntry) => {
		const { handle: object, program } = programs.loaded(entry).held;
		return { object, program, hook: `tc_${direction}`, ...onDevice(device) };
	};
	return {
		insertsBefore: false,
		reattachReason: "the kernel puts a new filter before all others of its pref",
		group: (_entry, priority) => `${priority}`,
		async list() {
			const at = { ...onDevice(device), egress: direction === "egress" };
			const { filters } = await client.call("tc_filters", at);
			return filters.map(({ program }) => program ?? 0);
		},
		async insert(entry, priority) {
			try {
				const { link } = await client.call("attach", { ...filter(entry), priority });
				links.set(entry.member, link);
			} catch (error) {
				if (error instanceof GuestError) throw new RefusedEntry(entry, error.errno, "RTM_NEWTFILTER");
				throw error;
			}
		},
		async remove({ member }) {
			const link = links.get(member)!;
			links.delete(member);
			await client.call("detach", { link });
		},
		/** RTM_NEWTFILTER with NLM_F_REPLACE, of the filter with the same pref and handle. */
		replace({ member }, by) {
			const args = { ...filter(by), replaces: links.get(member)! };
			return { call: "RTM_NEWTFILTER", op: "attach", args };
		},
	};
}
