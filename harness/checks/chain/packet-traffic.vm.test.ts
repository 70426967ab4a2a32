// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from "vitest";
import { declaredChain } from "../../chain/declared.js";
import { chainPackets } from "../../chain/packets.js";
import { hookDevice } from "./devices.js";
import { HookList } from "./hook-list.js";
import type { Part } from "./mechanism.js";
import { MprogChain } from "./mechanisms/mprog.js";
import { PacketTraffic } from "./packet-traffic.js";
import { Parts } from "./parts.js";
import { chainBench, chainPackage } from "./testbench.js";

let bench: Awaited<ReturnType<typeof chainBench>>;

beforeAll(async () => {
	bench = await chainBench("6.12");
});
afterAll(() => bench.dispose());

/** What packets meet of two members on tcx, and whether the kernel's counters agree. */
async function sample(recorded: boolean) {
	const { guest } = bench;
	const owner = await chainPackage("members.bpf.c", []);
	const members = [{ program: "account" }, { program: "filter" }];
	const written = { name: "edge", hook: "tcx_ingress" as const, members };
	const source = { file: "chains.json", pointer: "/chains/0", chain: written, owner };
	const chain = declaredChain(source, [owner], new Set(["tcx"]));
	const { ifindex, netns, sender, close } = await hookDevice(guest, "ingress");
	const parts = await Parts.open(chain, guest, { recorded });
	const hook = { attachType: "tcx_ingress", target: ifindex, ...(netns === undefined ? {} : { netns }) };
	const traffic = new PacketTraffic(parts, sender, chainPackets(chain), { counted: true });
	const placeOf = ({ member }: Part) => chain.members.indexOf(member);
	try {
		const built = await MprogChain.build(
			{ guest, parts, list: new HookList(guest, hook), placeOf },
			chain.members.map((member) => ({ member, program: "first" })),
		);
		const encounters = await traffic.sample();
		await built.close();
		return encounters;
	} finally {
		await traffic.close();
		await parts.close();
		await close();
	}
}

it("says what each packet met, and the kernel counts as many runs", async () => {
	const encounters = await sample(true);
	expect(encounters).toHaveLength(7);
	for (const { what, met, miscounted } of encounters) {
		const verdicts = met.map(({ part, verdict }) => [part.member.label, verdict]);
		const end = what.includes("IPv6") ? 2 : -1;
		expect([verdicts, miscounted]).toEqual([
			[
				["account", -1],
				["filter", end],
			],
			undefined,
		]);
	}
});

it("tells of runs that the kernel counted and nobody recorded", async () => {
	const encounters = await sample(false);
	expect(encounters.map(({ met }) => met)).toEqual(Array(7).fill([]));
	for (const { miscounted } of encounters)
		expect(miscounted).toMatch(/^the kernel counted \d+ runs of account, of which 0 were recorded$/);
});
