// SPDX-License-Identifier: Apache-2.0

import type { Guest } from "../../../machine/vm/guest.js";
import type { ChainPrograms } from "../chain-programs.js";
import { directionOf, type HookDevice, hookDevice, onDevice } from "../hook-device.js";
import { attachFlags, HookList, linkUpdate } from "../hook-list.js";
import { type KernelList, listOnDevice } from "../listed-chain.js";
import { type Mechanism, RefusedEntry } from "../mechanism.js";
import type { DeclaredMember } from "../model/declared-chain.js";

/** Kernel: net/core/dev.c (tcx_run), kernel/bpf/tcx.c; since 6.6. */
export const tcx: Mechanism = {
	name: "tcx",
	lack: (chain, bench) => bench.lack(`attach_type:tcx_${directionOf(chain.hook)}`),
	async open(chain, guest) {
		const direction = directionOf(chain.hook);
		const device = await hookDevice(guest, direction);
		return listOnDevice(chain, guest, device, (programs) =>
			mprogList(guest, device, `tcx_${direction}`, programs),
		);
	},
};

/** A list of links (tcx, netkit), relative to programs: no insertion waits for a link. */
export function mprogList(
	guest: Guest,
	device: Pick<HookDevice, "ifindex" | "netns">,
	attachType: string,
	programs: ChainPrograms,
): KernelList {
	const { ifindex: target, ...netns } = onDevice(device);
	const list = new HookList(guest, { attachType, target, ...netns });
	/** The agent's, of each member that is attached. */
	const links = new Map<DeclaredMember, number>();
	return {
		insertsBefore: true,
		group: () => "",
		list: async () => (await list.query()).listed.map(({ program }) => program),
		async insert(entry, _priority, before) {
			const position = before
				? { flags: attachFlags.before, relative: programs.loaded(before).held }
				: { flags: attachFlags.after };
			const { errno, link } = await list.createLink(programs.loaded(entry).held, position);
			if (link === undefined) throw new RefusedEntry(entry, errno, "BPF_LINK_CREATE");
			links.set(entry.member, link);
		},
		async remove({ member }) {
			const handle = links.get(member)!;
			links.delete(member);
			await guest.client.call("close", { handle });
		},
		replace(entry, by) {
			const [old, fresh] = [programs.loaded(entry).held, programs.loaded(by).held];
			const link = { handle: links.get(entry.member)! };
			return { call: "BPF_LINK_UPDATE", op: "bpf", args: linkUpdate(guest, link, fresh, old) };
		},
	};
}
