// SPDX-License-Identifier: Apache-2.0

import { E2BIG } from "../../../base/errno.js";
import {
	type ChainHookFacts,
	chainHooks,
	mechanismFacts,
} from "../../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { ChainEntry } from "../chain-entry.js";
import { ChainPrograms } from "../chain-programs.js";
import { attachFlags, BPF_F_QUERY_EFFECTIVE, HookList } from "../hook-list.js";
import { type KernelList, ListedChain } from "../listed-chain.js";
import { type AttachPoint, type Mechanism, RefusedEntry } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared-chain.js";
import type { CgroupHook } from "../socket-calls.js";
import { SocketTraffic } from "../socket-traffic.js";
import { type CgroupAbilities, cgroupAbilities } from "./cgroup-abilities.js";
import { CgroupTree } from "./cgroup-tree.js";

/** kernel/bpf/cgroup.c; lists: 4.15, BPF_F_PREORDER: 6.15, BPF_F_BEFORE and _AFTER: 6.17. */
export const cgroup: Mechanism = { name: "cgroup", lack, open };

/** @throws Error for a hook that does not belong to a cgroup */
export function cgroupHook(hook: DeclaredChain["hook"]): {
	hook: CgroupHook;
	programType: string;
	attachType: string;
} {
	const { programType, attachType }: ChainHookFacts = chainHooks[hook];
	if (!isCgroupHook(hook) || attachType === undefined) throw new Error(`${hook} is not a hook of a cgroup`);
	return { hook, programType, attachType };
}

function isCgroupHook(hook: DeclaredChain["hook"]): hook is CgroupHook {
	return hook.startsWith("cgroup_");
}

async function lack(chain: DeclaredChain, bench: Workbench): Promise<Lack | undefined> {
	const { programType, attachType } = cgroupHook(chain.hook);
	const lacking = await bench.lack(`attach_type:${attachType}`);
	const member = chain.members.find(({ preorder }) => preorder);
	if (lacking || !member) return lacking;
	const { preorder } = await cgroupAbilities(await bench.guest(), programType, attachType);
	if (preorder) return undefined;
	return {
		state: "unsupported",
		message: `kernel ${bench.kernel.id} does not support BPF_F_PREORDER, which ${member.label} needs`,
		hint: "require a newer kernel (kernels.requires), or remove preorder",
	};
}

async function open(chain: DeclaredChain, guest: Guest): Promise<AttachPoint> {
	const { hook, programType, attachType } = cgroupHook(chain.hook);
	const can = await cgroupAbilities(guest, programType, attachType);
	const tree = await CgroupTree.open(
		guest,
		chain.members.map((member) => member.cgroup),
	);
	const programs = await ChainPrograms.open(chain, guest, { recorded: true });
	const traffic = new SocketTraffic(programs, hook, tree.process.path);
	const list = cgroupLists(chain, { guest, tree, programs, attachType, can });
	return {
		traffic,
		attach: (entries, order) => ListedChain.attach(programs, list, entries, order),
		async close() {
			await traffic.close();
			await programs.close();
			await tree.close();
		},
	};
}

/**
 * Programs that are attached to cgroups with BPF_F_ALLOW_MULTI, without links. Where some have
 * BPF_F_PREORDER, BPF_LINK_UPDATE of another one overwrites them on 6.17 to 7.0 (tried;
 * `replace_effective_prog` of kernel/bpf/cgroup.c ignored PREORDER when it counted positions), and
 * 6.16 refuses links with PREORDER; BPF_F_REPLACE is right on all kernels.
 *
 * Each cgroup has two lists, one of programs with BPF_F_PREORDER and one of the others. No query
 * returns BPF_F_PREORDER: what is listed is what a process below all of the chain's cgroups meets.
 */
function cgroupLists(
	{ members }: DeclaredChain,
	site: {
		guest: Guest;
		tree: CgroupTree;
		programs: ChainPrograms;
		attachType: string;
		can: CgroupAbilities;
	},
): KernelList {
	const { guest, tree, programs, attachType, can } = site;
	const listAt = (handle: number) => new HookList(guest, { attachType, target: { handle } });
	const listOf = ({ member }: ChainEntry) => listAt(tree.at(member.cgroup).handle);
	const flagsOf = ({ member: { preorder } }: ChainEntry) =>
		attachFlags.multi | (preorder ? attachFlags.preorder : 0);
	return {
		insertsBefore: can.places,
		reattachReason: "this kernel has no BPF_F_BEFORE for cgroups, so a program is always attached last",
		group: ({ member: { cgroup: path, preorder } }) => `${preorder} ${path}`,
		async list() {
			const { listed } = await listAt(tree.process.handle).query(BPF_F_QUERY_EFFECTIVE);
			return listed.map(({ program }) => program);
		},
		async insert(entry, _priority, before) {
			const position = before && { relative: programs.loaded(before).held };
			const flags = flagsOf(entry) | (before ? attachFlags.before : 0);
			const errno = await listOf(entry).attach(programs.loaded(entry).held, { flags, ...position });
			if (errno !== 0) throw new RefusedEntry(entry, errno, "BPF_PROG_ATTACH");
		},
		async remove(entry) {
			const errno = await listOf(entry).detach(programs.loaded(entry).held);
			if (errno !== 0) throw new RefusedEntry(entry, errno, "BPF_PROG_DETACH");
		},
		/** The kernel makes a new list and puts it in the place of the old one. */
		replace(entry, by) {
			const [old, fresh] = [programs.loaded(entry).held, programs.loaded(by).held];
			const place = { flags: flagsOf(by) | attachFlags.replace, replaced: old };
			const args = listOf(entry).attachRequest(fresh, place);
			return { call: "BPF_PROG_ATTACH with BPF_F_REPLACE", op: "bpf", args };
		},
		/** `__cgroup_bpf_attach` checks for room that a replacement does not need. */
		replaceLack({ member }, errno) {
			const beside = members.filter((other) => other.cgroup === member.cgroup).length;
			if (errno !== E2BIG || beside < mechanismFacts.cgroup.maxMembers) return undefined;
			return `the kernel cannot replace a program of a full cgroup, and ${member.label} is one of ${beside}`;
		},
	};
}
