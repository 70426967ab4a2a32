// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import {
	type ChainHookFacts,
	chainHooks,
	mechanismFacts,
} from "../../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import { constantProgram, countRuns, runCount } from "../../../machine/guest/bpf-objects.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { attachFlags, HookList } from "../hook-list.js";
import { standing } from "../judge.js";
import {
	allDone,
	BuildError,
	type Limit,
	type Mechanism,
	type Neighbours,
	type Stage,
} from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import type { Part } from "../part.js";
import { Parts } from "../parts.js";
import type { CgroupHook } from "../socket-calls.js";
import { SocketTraffic } from "../socket-traffic.js";
import { cgroupAbilities } from "./cgroup-abilities.js";
import { CgroupChain, type CgroupSite } from "./cgroup-chain.js";
import { CgroupTree } from "./cgroup-tree.js";

/**
 * Kernel: kernel/bpf/cgroup.c; lists since 4.15, BPF_F_PREORDER since 6.15, BPF_F_BEFORE and
 * BPF_F_AFTER since 6.17.
 */
export const cgroup: Mechanism = {
	name: "cgroup",
	replacesAtomically: () => true,
	lack,
	open: openStage,
	survivors: (parts, lost) => parts.filter((part) => part !== lost),
};

function hookOf(chain: DeclaredChain): { hook: CgroupHook; programType: string; attachType: string } {
	const { hook } = chain;
	const { programType, attachType }: ChainHookFacts = chainHooks[hook];
	if (!isCgroupHook(hook) || attachType === undefined) throw new Error(`${hook} is no hook of a cgroup`);
	return { hook, programType, attachType };
}

function isCgroupHook(hook: DeclaredChain["hook"]): hook is CgroupHook {
	return hook.startsWith("cgroup_");
}

async function lack(chain: DeclaredChain, bench: Workbench): Promise<Lack | undefined> {
	const { programType, attachType } = hookOf(chain);
	const lacking = await bench.lack(`attach_type:${attachType}`);
	const member = chain.members.find(({ preorder }) => preorder);
	if (lacking || !member) return lacking;
	const { preorder } = await cgroupAbilities(await bench.guest(), programType, attachType);
	if (preorder) return undefined;
	return {
		state: "unsupported",
		message: `kernel ${bench.kernel.id} knows no BPF_F_PREORDER, which ${member.label} is attached with`,
		hint: "ask for a newer kernel in kernels.requires, or do without preorder",
	};
}

async function openStage(chain: DeclaredChain, guest: Guest): Promise<Stage> {
	const { hook, programType, attachType } = hookOf(chain);
	const can = await cgroupAbilities(guest, programType, attachType);
	const tree = await CgroupTree.open(
		guest,
		chain.members.map((member) => member.cgroup),
	);
	const parts = await Parts.open(chain, guest, { recorded: true });
	const traffic = new SocketTraffic(parts, hook, tree.process.path);
	const placeOf = ({ member }: Part) => chain.members.indexOf(member);
	const site: CgroupSite = { guest, parts, tree, attachType, can, placeOf };
	return {
		traffic,
		build: (order, attaching) => CgroupChain.build(site, order, attaching),
		limit: () => limit(site, programType, traffic),
		neighbours: () => neighbours(site, chain, traffic),
		async close() {
			await traffic.close();
			await parts.close();
			await tree.close();
		},
	};
}

/** Programs that say yes, attached to the chain's own cgroup until the kernel takes no more. */
async function limit(
	{ guest, tree, attachType }: CgroupSite,
	programType: string,
	traffic: SocketTraffic,
): Promise<Limit> {
	const { client } = guest;
	const promised = mechanismFacts.cgroup.maxMembers;
	const list = new HookList(guest, { attachType, target: { handle: tree.at("").handle } });
	const statistics = await countRuns(guest.client);
	const handles: number[] = [];
	let standing: { handle: number }[] = [];
	try {
		const programs = await allDone(
			Array.from({ length: promised + 1 }, async () => {
				const { errno, handle } = await constantProgram(guest.client, programType, 1, attachType);
				if (handle === undefined)
					throw new Error(`no program of two instructions is taken: ${errnoName(errno)}`);
				handles.push(handle);
				return { handle };
			}),
		);
		const errnos = await allDone(programs.map((each) => list.attach(each, { flags: attachFlags.multi })));
		standing = programs.filter((_, index) => errnos[index] === 0);
		await traffic.sample();
		const counts = await allDone(standing.map((program) => runCount(guest.client, program)));
		const met = counts.filter((count) => count > 0).length;
		return { promised, taken: standing.length, met, errno: errnos.find((errno) => errno !== 0) ?? 0 };
	} finally {
		await allDone(standing.map((program) => list.detach(program)));
		await allDone([...handles, statistics.handle].map((handle) => client.call("close", { handle })));
	}
}

/**
 * Of the cgroup above and of the one below, each a program of bpfgate's: from the process's cgroup
 * up, PREORDER before all.
 */
async function neighbours(
	site: CgroupSite,
	chain: DeclaredChain,
	traffic: SocketTraffic,
): Promise<Neighbours> {
	const { guest, tree, attachType, parts } = site;
	const members = chain.members.map((member): Part => ({ member, program: "first" }));
	const neighbour: Part = { member: chain.members[0]!, program: { verdict: 1 } };
	const { held } = await parts.get(neighbour);
	const lists = [tree.process, tree.above].map(
		({ handle }) => new HookList(guest, { attachType, target: { handle } }),
	);
	const built = await CgroupChain.build(site, members);
	const attached: HookList[] = [];
	try {
		for (const list of lists) {
			const errno = await list.attach(held, { flags: attachFlags.multi });
			if (errno !== 0) throw new BuildError(neighbour, errno, "BPF_PROG_ATTACH");
			attached.push(list);
		}
		const name = ({ member, program }: Part) => (program === "first" ? member.label : "a neighbour's");
		const own = standing("cgroup", members);
		const preordered = own.filter(({ member }) => member.preorder).length;
		const expected = [...own.toSpliced(preordered, 0, neighbour), neighbour].map(name).join(", ");
		const encounters = await traffic.sample();
		return {
			promise:
				"programs of the cgroup below come before the chain and those of the cgroup above after it; only BPF_F_PREORDER comes before all",
			expected: encounters.map(({ what }) => `${what}: ${expected}`).join("; "),
			found: encounters
				.map(({ what, met }) => `${what}: ${met.map(({ part }) => name(part)).join(", ")}`)
				.join("; "),
		};
	} finally {
		for (const list of attached) await list.detach(held);
		await built.close();
	}
}
