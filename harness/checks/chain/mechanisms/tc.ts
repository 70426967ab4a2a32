// SPDX-License-Identifier: Apache-2.0

import { mechanismFacts } from "../../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../../lab/check.js";
import type { Lack } from "../../../machine/features/missing.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { directionOf, hookDevice } from "../devices.js";
import { allDone, BuildError, type Limit, type Mechanism, type Stage } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { chainPackets } from "../model/packets.js";
import { PacketTraffic } from "../packet-traffic.js";
import type { Part } from "../part.js";
import { Parts } from "../parts.js";
import { meetNeighbours } from "./neighbours.js";
import { tcxList, xdpList } from "./other-lists.js";
import { addFilter, TcChain, type TcSite } from "./tc-chain.js";

const TC_ACT_UNSPEC = -1;
const modules = ["sch_ingress", "cls_bpf"];

/** Kernel: net/sched/cls_bpf.c, cls_api.c; direct action since 4.4, clsact since 4.5. */
export const tc: Mechanism = {
	name: "tc",
	replacesAtomically: () => true,
	lack,
	open: openStage,
	survivors: (parts, lost) => parts.filter((part) => part !== lost),
};

async function lack(_chain: DeclaredChain, bench: Workbench): Promise<Lack | undefined> {
	for (const name of modules) {
		const lacking = await bench.lack(`module:${name}`);
		if (lacking) return lacking;
	}
	return undefined;
}

async function openStage(chain: DeclaredChain, guest: Guest): Promise<Stage> {
	const { client } = guest;
	for (const name of modules) await client.call("module_load", { name });
	const direction = directionOf(chain.hook);
	const device = await hookDevice(guest, direction);
	const parts = await Parts.open(chain, guest, { recorded: true });
	const traffic = new PacketTraffic(parts, device.sender, chainPackets(chain), { counted: true });
	const placeOf = ({ member }: Part) => chain.members.indexOf(member);
	const site: TcSite = { guest, parts, device, direction, placeOf };
	const before = [
		...(direction === "ingress" ? [xdpList(guest, device)] : []),
		tcxList(guest, device, direction),
	];
	return {
		traffic,
		build: (order, attaching) => TcChain.build(site, order, attaching),
		limit: () => limit(site, chain, traffic),
		neighbours: () =>
			meetNeighbours({ chain, parts, traffic }, { before, after: [] }, (members) =>
				TcChain.build(site, members),
			),
		async close() {
			await traffic.close();
			await parts.close();
			await device.close();
		},
	};
}

/**
 * One program in as many filters, each with a pref of its own, as bpfgate promises, and one more.
 */
async function limit(site: TcSite, { members }: DeclaredChain, traffic: PacketTraffic): Promise<Limit> {
	const { maxMembers: promised } = mechanismFacts.tc;
	const part: Part = { member: members[0]!, program: { verdict: TC_ACT_UNSPEC } };
	await site.parts.get(part);
	const links: number[] = [];
	const add = async (pref: number): Promise<number> => {
		try {
			links.push(await addFilter(site, part, { priority: pref }));
			return 0;
		} catch (error) {
			if (error instanceof BuildError) return error.errno;
			throw error;
		}
	};
	const countMet = async () => (await traffic.sample())[0]!.met.length;
	try {
		const errnos = await Promise.all(Array.from({ length: promised }, (_, index) => add(index + 1)));
		const errno = errnos.find((each) => each !== 0) ?? 0;
		const [taken, met] = [links.length, await countMet()];
		if (errno !== 0) return { promised, unbounded: true, taken, met, errno };
		const oneMore = await add(promised + 1);
		return { ...{ promised, unbounded: true, taken, met, errno: oneMore }, metWithOneMore: await countMet() };
	} finally {
		await allDone(links.map((link) => site.guest.client.call("detach", { link })));
	}
}
