// SPDX-License-Identifier: Apache-2.0

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainBench } from "../harness/checks/chain/testchainbench.js";
import { openPackage } from "../harness/data/package/package.js";
import { readChainFile } from "../harness/data/package/sections/chain-file.js";
import { contextOf } from "../harness/lab/testbench.js";

const programs = fileURLToPath(new URL(".", import.meta.url));
const open = (name: string) => openPackage(`${programs}${name}`);

/** What is said of chains that are not what they promise: member, place expected, place found. */
const twins = [
	{
		name: "bad-chain-tcx-early-end",
		said: [
			undefined,
			'the packet "web" did not meet ingress as declared: mark: expected at position 3, never ran; the packet met police_and_accept (TCX_PASS) last; police_and_accept: expected TCX_NEXT, returned TCX_PASS',
		],
	},
	{
		name: "bad-chain-netkit-never-runs",
		said: [
			undefined,
			'the packet "web" did not meet egress as declared: account: expected at position 3, never ran; the packet met police_for_tc (TC_ACT_PIPE) last; police_for_tc: expected NETKIT_NEXT, returned TC_ACT_PIPE',
		],
	},
	{
		name: "bad-chain-tc-swapped-priorities",
		said: [
			"ingress is not in the declared order: limit_bulk: expected at position 2, found at 1; classify: expected at position 1, found at 2",
			"a UDP packet over IPv4 did not meet ingress as declared: limit_bulk: expected at position 2, ran at 1; classify: expected at position 1, ran at 2",
		],
	},
	{
		name: "bad-chain-cgroup-swapped-levels",
		said: [
			"connect is not in the declared order: node_translate: expected at position 3, found at 1; task_policy: expected at position 1, found at 3",
			"connect(2) of a TCP socket to 127.0.0.1 did not meet connect as declared: node_translate: expected at position 3, ran at 1; task_policy: expected at position 1, ran at 3",
		],
	},
	{
		name: "bad-chain-l3af-wrong-slot",
		said: [
			undefined,
			'the packet "web" did not meet ingress as declared: flood_guard: expected at position 2, never ran; the packet met flags_guard_off_by_one last; account: expected at position 3, never ran; the packet met flags_guard_off_by_one last',
		],
	},
	{
		name: "bad-chain-dispatcher-swapped-priorities",
		said: [
			"ingress is not in the declared order: check_ttl: expected at position 2, found at 1; check_header: expected at position 1, found at 2",
			"a UDP packet over IPv4 did not meet ingress as declared: check_ttl: expected at position 2, ran at 1; check_header: expected at position 1, ran at 2",
		],
	},
];

describe.each<{ id: string; younger: string[] }>([
	{ id: "5.10", younger: ["bad-chain-tcx-early-end", "bad-chain-netkit-never-runs"] },
	{ id: "7.3", younger: [] },
])("the example chains on $id", ({ id, younger }) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench(id);
	});
	afterAll(() => bench.dispose());

	it.each(twins)("$name is seen through", async ({ name, said }) => {
		const findings = await bench.orders(await open(name));
		const outcomes = findings.map(({ outcome }) => outcome);
		if (younger.includes(name)) {
			expect(outcomes).toEqual(["skip", "skip"]);
			return;
		}
		expect(findings.map(({ reason }) => reason?.message)).toEqual(said);
		expect(outcomes).toEqual(said.map((message) => (message === undefined ? "pass" : "fail")));
	});

	it("a chain file makes one chain of three packages", async () => {
		const packages = [];
		for (const name of ["tcx-accounting", "chain-tcx", "tc-marker"]) packages.push(await open(name));
		const chains = await readChainFile(`${programs}pod-ingress.chain.json`);
		const [configured, executed] = await bench.orders(packages[0]!, contextOf(packages, { chains }));
		const verdict = younger.length > 0 ? "TC_ACT_UNSPEC" : "TCX_NEXT";
		const met = ["account_ingress", "police", "mark_ingress"].map((member) => `${member} (${verdict})`);
		expect(configured?.outcome).toBe("pass");
		expect(executed).toMatchObject({ outcome: "pass", evidence: { executed: met } });
	});
});
