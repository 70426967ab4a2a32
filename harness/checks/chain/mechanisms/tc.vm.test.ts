// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../../data/package/sections/chain.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { withoutModules } from "../../../machine/kernel/testkernel.js";
import { declaredChain } from "../model/declared.js";
import { chainBench, chainPackage, failures } from "../testbench.js";
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

it("tc is a skip where the kernel came without its modules", async () => {
	const bench = await chainBench(withoutModules(await openKernel("6.18")));
	const pkg = await chainPackage("members.bpf.c", [chain("tc_ingress", "account 1", "filter 2")]);
	const findings = await bench.check(pkg);
	await bench.dispose();
	expect([...findings.values()].map(({ outcome }) => outcome)).toEqual(["skip", "skip"]);
	expect(findings.get("tc_ingress/executed")!.reason!.message).toMatch(/6\.18.*sch_ingress/);
});

describe.each([
	{ id: "5.10", before: { tc_ingress: ["xdp"], tc_egress: [] } },
	{ id: "6.12", before: { tc_ingress: ["xdp", "tcx"], tc_egress: ["tcx"] } },
	{ id: "7.3", before: { tc_ingress: ["xdp", "tcx"], tc_egress: ["tcx"] } },
])("tc on $id", ({ id, before }) => {
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
		expect(findings.get(`${hook}/limit`)!.evidence).toEqual({
			...{ promised: 64, taken: 64, met: 64, one_more: "taken", met_with_one_more: 65 },
		});
		const neighbours = findings.get(`${hook}/neighbours`)!.evidence;
		expect(neighbours.promise).toBe(`packets meet ${[...before[hook], "tc"].join(", then ")}`);
		expect(findings.get(`${hook}/reorder`)!.evidence.before).toEqual(["mark", "filter", "account"]);
		expect(findings.get(`${hook}/atomic`)!.evidence).toMatchObject({ half: 0, unaccounted: 0 });
	});

	it("tells of priorities that were swapped", async () => {
		const swapped = chain("tc_ingress", "account 20", "filter 10", "mark 30");
		const said = await bench.orders(await chainPackage("members.bpf.c", [swapped]));
		expect(said.map(({ case: name, reason }) => `${name}: ${reason?.message}`)).toEqual([
			"tc_ingress/configured: tc_ingress is not in the order that the manifest promises: filter should stand at place 2 and stands at place 1; account should stand at place 1 and stands at place 2",
			"tc_ingress/executed: a UDP packet over IPv4 did not meet tc_ingress as it is declared: filter should run at place 2 and ran at place 1; account should run at place 1 and ran at place 2",
		]);
	});

	it("leaves no clsact behind", async () => {
		const pkg = await chainPackage("members.bpf.c", [chain("tc_egress", "account 10", "filter 20")]);
		const source = { file: "chain.json", pointer: "/chains/0", chain: pkg.manifest.chains![0]!, owner: pkg };
		const declared = declaredChain(source, [pkg], new Set(["tc"]));
		const { client } = bench.guest;
		const qdiscs = async () =>
			(await client.call("inventory", {})).qdiscs.filter((each) => /clsact/.test(each));
		const stage = await tc.open(declared, bench.guest);
		const built = await stage.build(declared.members.map((member) => ({ member, program: "first" })));
		expect(await qdiscs()).toEqual([expect.stringContaining("chain0")]);
		await built.close();
		expect(await qdiscs()).toEqual([]);
		await stage.close();
	});

	if (id !== "6.12") return;

	it("tells of a priority that several have, and puts the latest first", async () => {
		const same = chain("tc_ingress", "account 10", "filter 20", "mark 20");
		const findings = await bench.check(await chainPackage("members.bpf.c", [same]));
		expect(failures(findings).map((each) => each.split(":")[0])).toEqual([
			...["tc_ingress/configured", "tc_ingress/executed"],
		]);
		expect(findings.get("tc_ingress/configured")!.reason!.message).toContain(
			"filter should stand at place 2",
		);
		expect(findings.get("tc_ingress/insert/filter")!.evidence.notes).toEqual([
			expect.stringContaining("mark was taken away and added again once"),
		]);
		expect(findings.get("tc_ingress/insert/mark")!.evidence).not.toHaveProperty("notes");
	});
});
