// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../data/package/sections/chain.js";
import { openById } from "../../machine/guest/bpf-objects.js";
import { listedName } from "./chain-case.js";
import type { ChainEntry } from "./chain-entry.js";
import { DispatcherChain } from "./dispatcher/dispatcher-chain.js";
import { Libxdp } from "./dispatcher/libxdp.js";
import { dispatcher } from "./mechanisms/dispatcher.js";
import { chainsOf, declaredChain } from "./model/declared-chain.js";
import { chainBench, chainPackage, failures } from "./testchainbench.js";

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

	it("passes every case", async () => {
		const findings = await bench.check(await pkg("account", "filter", "meter"));
		expect(failures(findings)).toEqual([]);
		expect(findings.get("edge/configured")!.evidence).toMatchObject({
			configured: ["account", "filter", "meter"],
		});
		const account = findings.get("edge/replace-under-traffic")!.evidence as Record<string, number>;
		expect(account).toMatchObject({ atomic: true, half: 0, unaccounted: 0, refused: [] });
		expect(account.packets).toBeGreaterThanOrEqual(10_000);
		expect(account.whole).toBe(account.packets);
		expect(account.second).toBeGreaterThan(0);
	});
});

it("on 5.10, the order of libxdp's dispatcher is read from libxdp's pins", async () => {
	const bench = await chainBench("5.10");
	const [configured, executed] = await bench.orders(await pkg("account", "filter", "meter"));
	const [turned] = await bench.orders(await pkg(["account", 30], ["filter", 20], ["meter", 40]));
	await bench.dispose();
	expect([configured!.outcome, executed!.outcome]).toEqual(["pass", "pass"]);
	expect(turned).toMatchObject({ outcome: "fail", evidence: { configured: ["filter", "account", "meter"] } });
});

it("what the verifier says of a refused member is in the message, its log in the evidence", async () => {
	const bench = await chainBench("5.10");
	const [refused] = await bench.orders(await pkg("account", "careless"));
	const [caller] = await bench.orders(await pkg("account", "caller"));
	await bench.dispose();
	expect(refused!.reason?.message).toBe(
		"the kernel refused careless in edge: BPF_PROG_LOAD returned EACCES (R1 offset is outside of the packet)",
	);
	expect(refused!.evidence).toMatchObject({
		...{ call: "BPF_PROG_LOAD", errno: 13 },
		verifier_log: expect.stringContaining("invalid access to packet, off=12 size=1"),
		libbpf_log: expect.stringContaining("'careless': BPF program load failed"),
	});
	expect(caller!.outcome).toBe("pass");
});

it("on 7.3, a member that makes tail calls needs the dispatcher of libxdp 1.5.5", async () => {
	const bench = await chainBench("7.3");
	const [caller] = await bench.orders(await pkg("account", "caller"));
	const [plain] = await bench.orders(await pkg("account", "meter"));
	await bench.dispose();
	expect(plain!.outcome).toBe("pass");
	// By the libxdp that is installed.
	expect(["pass", "fail chain-changes-packet"]).toContain(
		caller!.outcome + (caller!.reason ? ` ${caller!.reason.code}` : ""),
	);
});

it.each(["5.10", "7.3"])("on %s, no packet meets a member once it is detached", async (id) => {
	const bench = await chainBench(id);
	const three = await pkg("account", "filter", "meter");
	const chain = declaredChain(chainsOf([three])[0]!, [three], new Set(["dispatcher"]));
	const attachPoint = await dispatcher.open(chain, bench.guest);
	const members = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
	const met = async () => {
		const [first] = await attachPoint.traffic.sample();
		return first!.met.map(({ entry }) => entry.member.label);
	};
	for (const entry of [...members, ...members, ...members]) {
		const attached = await attachPoint.attach(members);
		const before = await met();
		await attached.detach(entry);
		const after = await met();
		await attached.close();
		expect(before).toEqual(members.map(({ member }) => member.label));
		expect(after).toEqual(before.filter((label) => label !== entry.member.label));
	}
	await attachPoint.close();
	await bench.dispose();
});

it.each(["5.10", "7.3"])("on %s, a member whose link something else holds is not detached", async (id) => {
	const bench = await chainBench(id);
	const { client } = bench.guest;
	const three = await pkg("account", "filter", "meter");
	const chain = declaredChain(chainsOf([three])[0]!, [three], new Set(["dispatcher"]));
	const attachPoint = await dispatcher.open(chain, bench.guest);
	const [first, second, third] = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
	const attached = await attachPoint.attach([first!, second!, third!]);
	if (!(attached instanceof DispatcherChain)) throw new Error("the chain is not of a dispatcher");

	const { links } = await client.call("inventory", {});
	const held = await Promise.all(links.map((link) => openById(client, "link", link.id)));
	expect(held.length).toBeGreaterThanOrEqual(3);
	await expect(attached.detach(second!, 20)).rejects.toMatchObject({
		...{ name: "UndecidedError", code: "link-stays" },
		message: "filter was unpinned from its dispatcher slot and still runs there after 20 looks",
	});
	const [met] = await attachPoint.traffic.sample();
	expect(met!.met.map(({ entry }) => entry.member.label)).toEqual(["account", "filter", "meter"]);

	for (const handle of held) if (handle !== undefined) await client.call("close", { handle });
	await attached.detach(third!);
	await attached.close();
	await attachPoint.close();
	await bench.dispose();
});

describe("libxdp's dispatcher on 6.12", () => {
	let bench: Bench;
	beforeAll(async () => {
		bench = await chainBench("6.12");
	});
	afterAll(() => bench.dispose());

	it("needs libxdp", async () => {
		const { client, kernel } = bench.guest;
		const opened = Libxdp.open({ client, kernel: { ...kernel, arch: "none" } }, { ifindex: 1 });
		await expect(opened).rejects.toMatchObject({ code: "libxdp-missing" });
	});

	it("orders members of one priority by name", async () => {
		const findings = await bench.orders(await pkg(["account", 7], ["filter", 7], ["meter", 7]));
		expect(findings.map(({ outcome }) => outcome)).toEqual(["pass", "pass"]);
	});

	it("has no room beside ten members: packets miss a replaced member until the new one is attached", async () => {
		const names = Array.from({ length: 10 }, (_, number) => `m${number}`);
		const ten = await chainPackage("xdp-ten.bpf.c", [
			{ name: "edge", hook: "xdp", members: names.map((program) => ({ program })) },
		]);
		const chain = declaredChain(chainsOf([ten])[0]!, [ten], new Set(["dispatcher"]));
		expect(dispatcher.replacesAtomically?.(chain)).toBe(false);
		expect(dispatcher.replacesAtomically?.({ ...chain, members: chain.members.slice(1) })).toBe(true);
		const attachPoint = await dispatcher.open(chain, bench.guest);
		const members = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
		const attached = await attachPoint.attach(members);
		const listed = async () => (await attached.configured()).map(listedName);
		expect(await listed()).toEqual(names);
		const entry = members[4]!;
		const second: ChainEntry = { ...entry, program: "second" };
		await attached.replace(entry, second);
		expect(await listed()).toEqual(names);
		expect((await attached.configured())[4]).toMatchObject({ program: "second" });
		await attached.replace(second, entry);
		const during = [...attached.replacement(entry, second), ...attached.replacement(second, entry)];
		const { met, unaccounted, operations } = await attachPoint.traffic.flow!(0, 2000, during, 1);
		expect(operations.map(({ errno }) => errno)).toEqual([0, 0]);
		expect(unaccounted).toBe(0);
		const lengths = [...met.values()].map((entriesOf) => entriesOf.length);
		expect(new Set(lengths)).toEqual(new Set([9, 10]));
		await attached.close();
		await attachPoint.close();
	});

	it("runs a single member in place of the dispatcher, and no program after its removal", async () => {
		const findings = await bench.check(await pkg("meter"));
		expect(failures(findings)).toEqual([]);
		expect(findings.get("edge/remove/meter")!.evidence).toEqual({ configured: [], expected: [] });
		expect(findings.get("edge/insert/meter")!.evidence.configured).toEqual(["meter"]);
		expect(findings.get("edge/replace-under-traffic")!.evidence).toMatchObject({ half: 0, unaccounted: 0 });
	});

	it("fails when priorities change the order, and names members and positions", async () => {
		const [configured, executed] = await bench.orders(
			await pkg(["account", 30], ["filter", 20], ["meter", 40]),
		);
		expect(configured).toMatchObject({ outcome: "fail", reason: { code: "chain-configured" } });
		expect(configured!.reason!.message).toContain("account: expected at position 1, found at 2");
		expect(configured!.evidence).toMatchObject({ configured: ["filter", "account", "meter"] });
		expect(executed).toMatchObject({ outcome: "fail", reason: { code: "chain-executed" } });
		expect(executed!.reason!.message).toContain("account: expected at position 1, ran at 2");
	});

	it("fails when a member ends the chain for every packet, and names the member that never ran", async () => {
		const [configured, executed] = await bench.orders(await pkg("account", "deaf", "meter"));
		expect(configured!.outcome).toBe("pass");
		expect(executed).toMatchObject({ outcome: "fail", reason: { code: "member-never-ran" } });
		expect(executed!.reason!.message).toMatch(/meter: expected at position 3, never ran.*deaf \(XDP_TX\)/);
	});

	it("is undecided, with libxdp's message, where libxdp fails for another reason than the kernel's age", async () => {
		await bench.guest.client.call("unmount", { target: "/sys/fs/bpf" });
		await expect(bench.orders(await pkg("account"))).rejects.toMatchObject({
			name: "UndecidedError",
			code: "libxdp-failed",
			message: expect.stringMatching(/whether kernel 6\.12 supports a dispatcher: .*bpffs.*EINVAL/),
		});
	});
});
