// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openPackage } from "../../data/package/package.js";
import { casesOf } from "./chain-cases.js";
import { chainsOf } from "./model/declared-chain.js";

async function declared(name: string): Promise<string[]> {
	const pkg = await openPackage(fileURLToPath(new URL(`../../../programs/${name}`, import.meta.url)));
	return chainsOf([pkg]).flatMap((source) => casesOf(source, [pkg]));
}

describe("the cases of a chain are known before there is a guest", () => {
	it("of tcx: each change of each member", async () => {
		const members = ["account", "police", "mark"];
		const ofEach = (change: string) => members.map((member) => `ingress/${change}/${member}`);
		expect(await declared("chain-tcx")).toEqual([
			...["ingress/configured", "ingress/executed"],
			...["end-at-member", "insert", "remove", "without-member", "replace"].flatMap(ofEach),
			...["ingress/reorder", "ingress/rebuild", "ingress/attach-orders", "ingress/replace-under-traffic"],
		]);
	});

	it("of cgroups, where no member ends the chain", async () => {
		const cases = await declared("chain-cgroup");
		expect(cases.filter((name) => name.includes("/end-at-member/"))).toEqual([]);
		expect(cases.some((name) => name.includes("/insert/"))).toBe(true);
	});

	it("of tail calls: what the kernel promises too", async () => {
		expect((await declared("chain-l3af")).filter((name) => name.endsWith("/promises"))).toHaveLength(1);
		expect((await declared("chain-tcx")).filter((name) => name.endsWith("/promises"))).toEqual([]);
	});
});
