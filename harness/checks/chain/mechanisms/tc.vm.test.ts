// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../../data/package/sections/chain.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { withoutModules } from "../../../machine/kernel/testkernel.js";
import { declaredChain } from "../model/declared-chain.js";
import { chainBench, chainPackage, failures } from "../testchainbench.js";
import { tc } from "./tc.js";

type Hook = "tc_ingress" | "tc_egress";

/** `filter 20` */
const chain = (hook: Hook, ...members: string[]): Chain => ({
	...{ name: hook, hook, mechanism: "tc" },
	members: members.map((member) => {
		const [program, priority] = member.split(" ");
		return { program: program!, priority: Number(priority) };
	}),
});

it("tc is a skip on a kernel without its modules", async () => {
	const bench = await chainBench(withoutModules(await openKernel("6.18")));
	const pkg = await chainPackage("members.bpf.c", [chain("tc_ingress", "account 1", "filter 2")]);
	const findings = await bench.check(pkg);
	await bench.dispose();
	expect(findings.size).toBeGreaterThan(10);
	expect(new Set([...findings.values()].map(({ outcome }) => outcome))).toEqual(new Set(["skip"]));
	expect(findings.get("tc_ingress/executed")!.reason!.message).toMatch(/6\.18.*sch_ingress/);
});

describe.each(["5.10", "6.12", "7.3"])("tc on %s", (id) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench(id);
	});
	afterAll(() => bench.dispose());

	const hooks: Hook[] = id === "6.12" ? ["tc_ingress", "tc_egress"] : ["tc_ingress"];
	it.each(hooks)("passes every case on %s", async (hook) => {
		const chains = [chain(hook, "account 10", "filter 20", "mark 30")];
		const findings = await bench.check(await chainPackage("members.bpf.c", chains));
		expect(failures(findings)).toEqual([]);
		const { evidence } = findings.get(`${hook}/executed`)!;
		expect(evidence.executed).toEqual([
			...["account (TC_ACT_UNSPEC)", "filter (TC_ACT_UNSPEC)", "mark (TC_ACT_UNSPEC)"],
		]);
		expect(evidence.packets).toContainEqual({
			what: "a TCP SYN over IPv6",
			met: ["account (TC_ACT_UNSPEC)", "filter (TC_ACT_SHOT)"],
		});
		expect(findings.get(`${hook}/reorder`)!.evidence.before).toEqual(["mark", "filter", "account"]);
		expect(findings.get(`${hook}/replace-under-traffic`)!.evidence).toMatchObject({
			half: 0,
			unaccounted: 0,
		});
	});

	it("names members whose priorities were swapped", async () => {
		const swapped = chain("tc_ingress", "account 20", "filter 10", "mark 30");
		const said = await bench.orders(await chainPackage("members.bpf.c", [swapped]));
		expect(said.map(({ case: name, reason }) => `${name}: ${reason?.message}`)).toEqual([
			"tc_ingress/configured: tc_ingress is not in the declared order: filter: expected at position 2, found at 1; account: expected at position 1, found at 2",
			"tc_ingress/executed: a UDP packet over IPv4 did not meet tc_ingress as declared: filter: expected at position 2, ran at 1; account: expected at position 1, ran at 2",
		]);
	});

	it("leaves no clsact behind", async () => {
		const pkg = await chainPackage("members.bpf.c", [chain("tc_egress", "account 10", "filter 20")]);
		const source = { file: "chain.json", pointer: "/chains/0", chain: pkg.manifest.chains![0]!, owner: pkg };
		const declared = declaredChain(source, [pkg], new Set(["tc"]));
		const { client } = bench.guest;
		const qdiscs = async () =>
			(await client.call("inventory", {})).qdiscs.filter((each) => /clsact/.test(each));
		const attachPoint = await tc.open(declared, bench.guest);
		const attached = await attachPoint.attach(
			declared.members.map((member) => ({ member, program: "first" })),
		);
		expect(await qdiscs()).toEqual([expect.stringContaining("chain0")]);
		await attached.close();
		expect(await qdiscs()).toEqual([]);
		await attachPoint.close();
	});

	if (id !== "6.12") return;

	it("fails for equal priorities, where the newest filter runs first", async () => {
		const same = chain("tc_ingress", "account 10", "filter 20", "mark 20");
		const findings = await bench.check(await chainPackage("members.bpf.c", [same]));
		expect(failures(findings).map((each) => each.split(":")[0])).toEqual([
			...["tc_ingress/configured", "tc_ingress/executed"],
		]);
		expect(findings.get("tc_ingress/configured")!.reason!.message).toContain(
			"filter: expected at position 2, found at 3",
		);
		expect(findings.get("tc_ingress/insert/filter")!.evidence.notes).toEqual([
			expect.stringContaining("mark was detached and attached again once"),
		]);
		expect(findings.get("tc_ingress/insert/mark")!.evidence).not.toHaveProperty("notes");
	});
});
