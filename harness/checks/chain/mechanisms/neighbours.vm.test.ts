// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from "vitest";
import { hookDevice } from "../devices.js";
import type { Neighbours } from "../mechanism.js";
import { declaredChain } from "../model/declared.js";
import { chainPackets } from "../model/packets.js";
import { PacketTraffic } from "../packet-traffic.js";
import type { Part } from "../part.js";
import { Parts } from "../parts.js";
import { chainBench, chainPackage } from "../testbench.js";
import { meetNeighbours, type Neighbourhood } from "./neighbours.js";
import { clsactList, tcxList, xdpList } from "./other-lists.js";
import { TcChain } from "./tc-chain.js";

let bench: Awaited<ReturnType<typeof chainBench>>;

beforeAll(async () => {
	bench = await chainBench("6.12");
});
afterAll(() => bench.dispose());

/** What tc filters have before them, if lists stand as `around` has them. */
async function meet(
	around: (lists: ReturnType<typeof listsOf>) => Neighbourhood,
): Promise<Neighbours | undefined> {
	const { guest } = bench;
	const members = [{ program: "account" }, { program: "filter" }];
	const written = { name: "edge", hook: "tc_ingress", mechanism: "tc", members } as const;
	const owner = await chainPackage("members.bpf.c", []);
	const source = { file: "chains.json", pointer: "/chains/0", chain: { ...written, members }, owner };
	const chain = declaredChain(source, [owner], new Set(["tc"]));
	for (const name of ["sch_ingress", "cls_bpf"]) await guest.client.call("module_load", { name });
	const device = await hookDevice(guest, "ingress");
	const parts = await Parts.open(chain, guest, { recorded: true });
	const traffic = new PacketTraffic(parts, device.sender, chainPackets(chain).slice(0, 1), { counted: true });
	const placeOf = ({ member }: Part) => chain.members.indexOf(member);
	const site = { guest, parts, device, direction: "ingress", placeOf } as const;
	try {
		return await meetNeighbours({ chain, parts, traffic }, around(listsOf(device)), (order) =>
			TcChain.build(site, order),
		);
	} finally {
		await traffic.close();
		await parts.close();
		await device.close();
	}
}

function listsOf(device: { ifindex: number; netns?: number }) {
	const { guest } = bench;
	return {
		xdp: xdpList(guest, device),
		tcx: tcxList(guest, device, "ingress"),
		outward: tcxList(guest, device, "egress"),
		clsact: clsactList(guest, device, "ingress"),
	};
}

it("packets meet xdp, tcx and clsact in this order", async () => {
	const what = "a UDP packet over IPv4";
	expect(await meet(({ xdp, tcx }) => ({ before: [xdp, tcx], after: [] }))).toEqual({
		promise: "packets meet xdp, then tcx, then tc",
		expected: `${what}: xdp, tcx, account, filter`,
		found: `${what}: xdp, tcx, account, filter`,
	});
	expect(await meet(({ xdp, tcx }) => ({ before: [tcx, xdp], after: [] }))).toMatchObject({
		expected: `${what}: tcx, xdp, account, filter`,
		found: `${what}: xdp, tcx, account, filter`,
	});
	expect(await meet(({ xdp, outward }) => ({ before: [xdp], after: [outward] }))).toMatchObject({
		expected: `${what}: xdp, account, filter, tcx`,
		found: `${what}: xdp, account, filter`,
	});
});

it("where there is no other list nobody is met", async () => {
	expect(await meet(() => ({ before: [], after: [] }))).toBeUndefined();
});
