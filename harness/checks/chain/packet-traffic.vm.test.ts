// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from "vitest";
import { hookDevice } from "./devices.js";
import { HookList } from "./hook-list.js";
import { MprogChain } from "./mechanisms/mprog.js";
import { declaredChain } from "./model/declared.js";
import { chainPackets } from "./model/packets.js";
import { PacketTraffic } from "./packet-traffic.js";
import type { Part } from "./part.js";
import { Parts } from "./parts.js";
import { chainBench, chainPackage } from "./testbench.js";

let bench: Awaited<ReturnType<typeof chainBench>>;

beforeAll(async () => {
	bench = await chainBench("6.12");
});
afterAll(() => bench.dispose());

/** A chain of tcx that stands, and its traffic. */
async function withTcx<Result>(
	source: string,
	programs: readonly string[],
	recorded: boolean,
	use: (traffic: PacketTraffic, built: MprogChain, members: readonly Part[]) => Promise<Result>,
): Promise<Result> {
	const { guest } = bench;
	const owner = await chainPackage(source, []);
	const members = programs.map((program) => ({ program }));
	const written = { name: "edge", hook: "tcx_ingress" as const, members };
	const declared = { file: "chains.json", pointer: "/chains/0", chain: written, owner };
	const chain = declaredChain(declared, [owner], new Set(["tcx"]));
	const { ifindex, netns, sender, close } = await hookDevice(guest, "ingress");
	const parts = await Parts.open(chain, guest, { recorded });
	const hook = { attachType: "tcx_ingress", target: ifindex, ...(netns === undefined ? {} : { netns }) };
	const traffic = new PacketTraffic(parts, sender, chainPackets(chain), { counted: true });
	const placeOf = ({ member }: Part) => chain.members.indexOf(member);
	const order = chain.members.map((member): Part => ({ member, program: "first" }));
	try {
		const list = new HookList(guest, hook);
		const built = await MprogChain.build({ guest, parts, list, placeOf }, order);
		const result = await use(traffic, built, order);
		await built.close();
		return result;
	} finally {
		await traffic.close();
		await parts.close();
		await close();
	}
}

/** What packets meet of two members, and whether the kernel's counters agree. */
const sample = (recorded: boolean) =>
	withTcx("members.bpf.c", ["account", "filter"], recorded, (traffic) => traffic.sample());

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

it("accounts for each of 10,000 packets in a chain as long as the kernel takes, while one is replaced", async () => {
	const programs = Array.from({ length: 63 }, (_, number) => `m${String(number).padStart(2, "0")}`);
	const flow = await withTcx("sixty-three.bpf.c", programs, true, async (traffic, built, members) => {
		const first = members[31]!;
		const second: Part = { ...first, program: "second" };
		await built.replace(first, second);
		await built.replace(second, first);
		const during = [...built.replacing(first, second), ...built.replacing(second, first)];
		return traffic.flow(10_000, during, 2);
	});
	expect(flow.packets).toBeGreaterThanOrEqual(10_000);
	expect([flow.dropped, flow.unaccounted]).toEqual([0, 0]);
	expect(new Set([...flow.met.values()].map((met) => met.length))).toEqual(new Set([63]));
	const middle = new Set([...flow.met.values()].map((met) => met[31]!.part.program));
	expect(middle).toEqual(new Set(["first", "second"]));
});
