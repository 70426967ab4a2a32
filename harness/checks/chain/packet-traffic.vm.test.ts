// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChainEntry } from "./chain-entry.js";
import { ChainPrograms } from "./chain-programs.js";
import { hookDevice } from "./hook-device.js";
import { ListedChain } from "./listed-chain.js";
import type { AttachedChain } from "./mechanism.js";
import { mprogList } from "./mechanisms/tcx.js";
import { chainPackets } from "./model/chain-packets.js";
import { declaredChain } from "./model/declared-chain.js";
import { PacketTraffic } from "./packet-traffic.js";
import { chainBench, chainPackage } from "./testchainbench.js";

let bench: Awaited<ReturnType<typeof chainBench>>;

beforeAll(async () => {
	bench = await chainBench("6.12");
});
afterAll(() => bench.dispose());

/** An attached chain of tcx, and its traffic. */
async function withTcx<Result>(
	source: string,
	names: readonly string[],
	recorded: boolean,
	use: (traffic: PacketTraffic, attached: AttachedChain, members: readonly ChainEntry[]) => Promise<Result>,
): Promise<Result> {
	const { guest } = bench;
	const owner = await chainPackage(source, []);
	const members = names.map((program) => ({ program }));
	const written = { name: "edge", hook: "tcx_ingress" as const, members };
	const declared = { file: "chains.json", pointer: "/chains/0", chain: written, owner };
	const chain = declaredChain(declared, [owner], new Set(["tcx"]));
	const device = await hookDevice(guest, "ingress");
	const programs = await ChainPrograms.open(chain, guest, { recorded });
	const traffic = new PacketTraffic(programs, device.sender, chainPackets(chain), { counted: true });
	const order = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
	try {
		const list = mprogList(guest, device, "tcx_ingress", programs);
		const attached = await ListedChain.attach(programs, list, order);
		const result = await use(traffic, attached, order);
		await attached.close();
		return result;
	} finally {
		await traffic.close();
		await programs.close();
		await device.close();
	}
}

/** What packets meet of two members, and whether the kernel's counters agree. */
const sample = (recorded: boolean) =>
	withTcx("members.bpf.c", ["account", "filter"], recorded, (traffic) => traffic.sample());

it("reports what each packet met, and the kernel counts as many runs", async () => {
	const traces = await sample(true);
	expect(traces).toHaveLength(7);
	for (const { what, met, miscounted } of traces) {
		const verdicts = met.map(({ entry, verdict }) => [entry.member.label, verdict]);
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

it("reports runs that the kernel counted and that were not recorded", async () => {
	const traces = await sample(false);
	expect(traces.map(({ met }) => met)).toEqual(Array(7).fill([]));
	for (const { miscounted } of traces)
		expect(miscounted).toMatch(/^the kernel counted \d+ runs of account, but 0 were recorded$/);
});

it("accounts for each of 10,000 packets in a chain of 63 programs while one is replaced", async () => {
	const programs = Array.from({ length: 63 }, (_, number) => `m${String(number).padStart(2, "0")}`);
	const flow = await withTcx("sixty-three.bpf.c", programs, true, async (traffic, attached, members) => {
		const first = members[31]!;
		const second: ChainEntry = { ...first, program: "second" };
		await attached.replace(first, second);
		await attached.replace(second, first);
		const during = [...attached.replacement(first, second), ...attached.replacement(second, first)];
		return traffic.flow(0, 10_000, during, 2);
	});
	expect(flow.packets).toBeGreaterThanOrEqual(10_000);
	expect([flow.dropped, flow.unaccounted]).toEqual([0, 0]);
	expect(new Set([...flow.met.values()].map((met) => met.length))).toEqual(new Set([63]));
	const middle = new Set([...flow.met.values()].map((met) => met[31]!.entry.program));
	expect(middle).toEqual(new Set(["first", "second"]));
});
