// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../data/package/sections/chain.js";
import { Libxdp } from "./dispatcher/libxdp.js";
import { dispatcher } from "./mechanisms/dispatcher.js";
import { chainsOf, declaredChain } from "./model/declared.js";
import type { Part } from "./part.js";
import { shown } from "./scene.js";
import { chainBench, chainPackage, failures } from "./testbench.js";

/** Members with priorities in steps of ten from 10, unless they are given. */
function pkg(...members: (string | [program: string, priority: number])[]) {
	const chain: Chain = {
		...{ name: "edge", hook: "xdp", mechanism: "dispatcher" },
		members: members.map((member, place) => {
			const [program, priority] = typeof member === "string" ? [member, 10 * (place + 1)] : member;
			return { program, priority };
		}),
	};
	return chainPackage("xdp-members.bpf.c", [chain]);
}

type Bench = Awaited<ReturnType<typeof chainBench>>;

describe("libxdp's dispatcher on 7.3", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await chainBench("7.3");
	});
	afterAll(() => bench.dispose());

	it("keeps its promises in every case", async () => {
		const findings = await bench.check(await pkg("account", "filter", "meter"));
		expect(failures(findings)).toEqual([]);
		expect(findings.get("edge/configured")!.evidence).toMatchObject({
			configured: ["account", "filter", "meter"],
		});
		const limit = { promised: 10, taken: 10, met: 10, one_more: "E2BIG" };
		expect(findings.get("edge/limit")!.evidence).toEqual(limit);
		const account = findings.get("edge/atomic")!.evidence as Record<string, number>;
		expect(account).toMatchObject({ atomic: true, half: 0, unaccounted: 0, refused: [] });
		expect(account.packets).toBeGreaterThanOrEqual(10_000);
		expect(account.whole).toBe(account.packets);
		expect(account.second).toBeGreaterThan(0);
	});
});

it("libxdp's dispatcher has its order where only libxdp's pins tell it, on 5.10", async () => {
	const bench = await chainBench("5.10");
	const [configured, executed] = await bench.orders(await pkg("account", "filter", "meter"));
	const [turned] = await bench.orders(await pkg(["account", 30], ["filter", 20], ["meter", 40]));
	await bench.dispose();
	expect([configured!.outcome, executed!.outcome]).toEqual(["pass", "pass"]);
	expect(turned).toMatchObject({ outcome: "fail", evidence: { configured: ["filter", "account", "meter"] } });
});

describe("libxdp's dispatcher on 6.12", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await chainBench("6.12");
	});
	afterAll(() => bench.dispose());

	it("is nothing without libxdp", async () => {
		const { client, kernel } = bench.guest;
		const opened = Libxdp.open({ client, kernel: { ...kernel, arch: "none" } }, { ifindex: 1 });
		await expect(opened).rejects.toMatchObject({ code: "libxdp-missing" });
	});

	it("has the members of one priority by their names", async () => {
		const findings = await bench.orders(await pkg(["account", 7], ["filter", 7], ["meter", 7]));
		expect(findings.map(({ outcome }) => outcome)).toEqual(["pass", "pass"]);
	});

	it("has no room beside ten members: packets miss the one that is replaced until the other is there", async () => {
		const names = Array.from({ length: 10 }, (_, number) => `m${number}`);
		const ten = await chainPackage("xdp-ten.bpf.c", [
			{ name: "edge", hook: "xdp", members: names.map((program) => ({ program })) },
		]);
		const chain = declaredChain(chainsOf([ten])[0]!, [ten], new Set(["dispatcher"]));
		expect(dispatcher.replacesAtomically(chain)).toBe(false);
		expect(dispatcher.replacesAtomically({ ...chain, members: chain.members.slice(1) })).toBe(true);
		const stage = await dispatcher.open(chain, bench.guest);
		const members = chain.members.map((member): Part => ({ member, program: "first" }));
		const built = await stage.build(members);
		const listed = async () => (await built.configured()).map(shown);
		expect(await listed()).toEqual(names);
		const part = members[4]!;
		const second: Part = { ...part, program: "second" };
		await built.replace(part, second);
		expect(await listed()).toEqual(names);
		expect((await built.configured())[4]).toMatchObject({ program: "second" });
		await built.replace(second, part);
		const during = [...built.replacing(part, second), ...built.replacing(second, part)];
		const { met, unaccounted, operations } = await stage.traffic.flow!(2000, during, 1);
		expect(operations.map(({ errno }) => errno)).toEqual([0, 0]);
		expect(unaccounted).toBe(0);
		const lengths = [...met.values()].map((meetings) => meetings.length);
		expect(new Set(lengths)).toEqual(new Set([9, 10]));
		await built.close();
		await stage.close();
	});

	it("has an only member in its own place, and nobody when that is taken out", async () => {
		const findings = await bench.check(await pkg("meter"));
		expect(failures(findings)).toEqual([]);
		expect(findings.get("edge/remove/meter")!.evidence).toEqual({ configured: [], expected: [] });
		expect(findings.get("edge/insert/meter")!.evidence.configured).toEqual(["meter"]);
		expect(findings.get("edge/atomic")!.evidence).toMatchObject({ half: 0, unaccounted: 0 });
	});

	it("fails when priorities turn the list round, and names member and places", async () => {
		const [configured, executed] = await bench.orders(
			await pkg(["account", 30], ["filter", 20], ["meter", 40]),
		);
		expect(configured).toMatchObject({ outcome: "fail", reason: { code: "chain-configured" } });
		expect(configured!.reason!.message).toContain("account should stand at place 1 and stands at place 2");
		expect(configured!.evidence).toMatchObject({ configured: ["filter", "account", "meter"] });
		expect(executed).toMatchObject({ outcome: "fail", reason: { code: "chain-executed" } });
		expect(executed!.reason!.message).toContain("account should run at place 1 and ran at place 2");
	});

	it("fails when a member ends the chain for every packet, and names the one that never ran", async () => {
		const [configured, executed] = await bench.orders(await pkg("account", "deaf", "meter"));
		expect(configured!.outcome).toBe("pass");
		expect(executed).toMatchObject({ outcome: "fail", reason: { code: "member-never-ran" } });
		expect(executed!.reason!.message).toMatch(/meter should run at place 3 and never ran.*deaf \(XDP_TX\)/);
	});

	it("is undecided, with libxdp's reason, where libxdp fails for another cause than the kernel's age", async () => {
		await bench.guest.client.call("unmount", { target: "/sys/fs/bpf" });
		await expect(bench.orders(await pkg("account"))).rejects.toMatchObject({
			name: "UndecidedError",
			code: "libxdp-failed",
			message: expect.stringMatching(/whether kernel 6\.12 takes a dispatcher: .*bpffs.*EINVAL/),
		});
	});
});
