// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { CaseResult } from "../base/results.js";
import { chainCheck } from "../checks/chain/chain.js";
import { chainPackage } from "../checks/chain/testchainbench.js";
import type { Package } from "../data/package/package.js";
import type { Chain } from "../data/package/sections/chain.js";
import type { ChainSource } from "../data/package/sections/chain-file.js";
import { resultsOf } from "./testrun.js";

const member = (name: string, program: string) => ({ program: { package: name, program } });
const source = (name: string, ...members: Chain["members"]): ChainSource => {
	const chain: Chain = { name, hook: "tcx_ingress", members };
	return { file: "chain.json", pointer: "/chains/0", chain };
};

async function test(packages: Package[], chains: ChainSource[]): Promise<CaseResult[]> {
	const request = { packages, chains, kernels: ["6.12"], checks: [chainCheck], named: true, jobs: 1 };
	return (await resultsOf(request)).results;
}

it("reports a chain of several packages with the package of its first member", async () => {
	const [meter, wall] = [
		await chainPackage("members.bpf.c", [], "meter"),
		await chainPackage("members.bpf.c", [], "wall"),
	];
	const edge = source("edge", member("wall", "account"), member("meter", "account"));
	const results = await test([meter, wall], [edge]);
	expect(results.filter(({ outcome }) => outcome !== "pass")).toEqual([]);
	expect(new Set(results.map((result) => result.package))).toEqual(new Set(["wall"]));
	const executed = results.find((result) => result.case === "edge/executed");
	expect(executed?.evidence.executed).toEqual(["wall/account (TCX_NEXT)", "meter/account (TCX_NEXT)"]);
});

it("a manifest's chain is a skip, and proves nothing, without the packages that it names", async () => {
	const chain: Chain = {
		...{ name: "edge", hook: "tcx_ingress" },
		members: [{ program: "account" }, member("meter", "mark"), member("router", "route")],
	};
	const wall = await chainPackage("members.bpf.c", [chain], "wall");
	const results = await test([wall], []);
	expect(results.map((result) => `${result.case} ${result.outcome} ${result.reason?.code}`)).toEqual([
		"edge/configured skip package-absent",
		"edge/executed skip package-absent",
		"nothing-tested error nothing-tested",
	]);
	expect(results[0]?.reason?.message).toBe(
		"edge has members of meter and router, which are not among the packages of this run",
	);
});
