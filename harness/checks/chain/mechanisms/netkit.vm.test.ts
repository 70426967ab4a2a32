// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../../data/package/sections/chain.js";
import { chainBench, chainPackage, failures } from "../testchainbench.js";

const chain = (hook: "netkit_primary" | "netkit_peer", ...members: string[]): Chain => ({
	...{ name: hook, hook, members: members.map((program) => ({ program })) },
});

it("netkit is a skip where the kernel has none", async () => {
	const bench = await chainBench("5.10");
	const pkg = await chainPackage("members.bpf.c", [chain("netkit_peer", "account", "filter", "mark")]);
	const findings = await bench.check(pkg);
	await bench.dispose();
	expect(findings.size).toBeGreaterThan(10);
	expect(new Set([...findings.values()].map(({ outcome }) => outcome))).toEqual(new Set(["skip"]));
	expect(findings.get("netkit_peer/executed")!.reason!.message).toMatch(/5\.10.*netkit/);
});

describe.each(["6.12", "7.3"])("netkit on %s", (id) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench(id);
	});
	afterAll(() => bench.dispose());

	it.each(["netkit_primary", "netkit_peer"] as const)("passes every case on %s", async (hook) => {
		const pkg = await chainPackage("members.bpf.c", [chain(hook, "account", "filter", "mark")]);
		const findings = await bench.check(pkg);
		expect(failures(findings)).toEqual([]);
		const { evidence } = findings.get(`${hook}/executed`)!;
		expect(evidence.executed).toEqual([
			"account (NETKIT_NEXT)",
			"filter (NETKIT_NEXT)",
			"mark (NETKIT_NEXT)",
		]);
		expect(evidence.packets).toContainEqual({
			what: "a TCP SYN over IPv6",
			met: ["account (NETKIT_NEXT)", "filter (NETKIT_DROP)"],
		});
		expect(findings.get(`${hook}/reorder`)!.evidence.before).toEqual(["mark", "filter", "account"]);
		expect(findings.get(`${hook}/replace-under-traffic`)!.evidence).toMatchObject({
			half: 0,
			unaccounted: 0,
		});
	});

	it("names a member that no packet reaches", async () => {
		const pkg = await chainPackage("members.bpf.c", [chain("netkit_peer", "account", "deaf", "mark")]);
		const [configured, executed] = await bench.orders(pkg);
		expect(configured!.outcome).toBe("pass");
		expect(executed!.reason!.message).toBe(
			"mark: expected at position 3, never ran; the furthest of 7 packets stopped at position 2, deaf (NETKIT_PASS)",
		);
	});
});
