// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../../data/package/sections/chain.js";
import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { withoutModules } from "../../../machine/kernel/testkernel.js";
import { neighbours } from "../cases/bounds.js";
import { orders } from "../cases/orders.js";
import { promises } from "../cases/promises.js";
import { slotUpdate } from "../hook-list.js";
import { label } from "../judge.js";
import { chainsOf, declaredChain } from "../model/declared.js";
import type { Part } from "../part.js";
import { chainBench, chainPackage, failures } from "../testbench.js";
import { tailCall } from "./tail-call.js";

interface Member {
	program: string;
	priority?: number;
}

const members = ["account", "filter", "mark"];

/** `last` and `fragments` have no array. */
const edge = (hook: Chain["hook"], ...named: (string | Member)[]): Chain => ({
	...{ name: "edge", hook, mechanism: "tail_call", root_program: { program: "root", map: "root_next" } },
	members: named.map((member) => {
		const { program, ...priority } = typeof member === "string" ? { program: member } : member;
		const array = ["last", "fragments"].includes(program) ? {} : { next: `${program}_next` };
		return { program, ...priority, ...array };
	}),
});

describe.each(["5.10", "6.12", "7.3"])("tail calls on %s", (id) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	let client: GuestClient;
	beforeAll(async () => {
		bench = await chainBench(id);
		({ client } = bench.guest);
	});
	afterAll(() => bench.dispose());

	const faults = async (chain: Chain, source = "tail-calls.bpf.c") =>
		failures(
			new Map((await bench.orders(await chainPackage(source, [chain]))).map((each) => [each.case, each])),
		);

	it("pass every case on XDP", async () => {
		const findings = await bench.check(await chainPackage("tail-calls.bpf.c", [edge("xdp", ...members)]));
		expect(failures(findings)).toEqual([]);
		expect(findings.size).toBe(24);
		const evidence = (name: string) => findings.get(`edge/${name}`)!.evidence;
		expect(evidence("executed").expected).toEqual([
			"account (XDP_PASS)",
			"filter (XDP_PASS)",
			"mark (XDP_PASS)",
		]);
		expect(evidence("executed").packets).toContainEqual({
			what: "a UDP packet over IPv6",
			met: ["account", "filter"],
		});
		expect(evidence("limit")).toEqual({
			...{ promised: 33, taken: 33, met: 33, one_more: "taken", met_with_one_more: 33 },
		});
		expect(evidence("neighbours").promise).toBe(
			`packets meet tail_call, then ${id === "5.10" ? "" : "tcx, then "}clsact`,
		);
		// Two slots, of which packets see the second change; in L3AF's steps they see each, and a
		// chain that ends early.
		expect(evidence("atomic")).toMatchObject({ atomic: true, half: 0, unaccounted: 0 });
		const window = evidence("atomic").in_steps as Record<string, unknown>;
		expect(window).toMatchObject({ unaccounted: 0, refused: [] });
		expect(window.packets).toBeGreaterThanOrEqual(10_000);
		expect(window.half).toBeGreaterThan(1000);
		for (const [missing, before] of [
			["filter should run at place 2", "account"],
			["mark should run at place 3", "filter"],
		])
			expect(window.examples).toContainEqual(
				expect.stringMatching(
					new RegExp(`^packet \\d+, as \\d+ in all: ${missing} and never ran: .* ${before}$`),
				),
			);
	});

	it("tell of a member that looks in the wrong slot", async () => {
		expect(await faults(edge("xdp", "account", "astray", "last"))).toEqual([
			"edge/executed: a UDP packet over IPv4 did not meet edge as it is declared: last should run at place 3 and never ran: the last that the packet met was astray",
		]);
	});

	it("tell of priorities that are no promise kept", async () => {
		const priority = [2, 1, 3];
		const swapped = members.map((program, at) => ({ program, priority: priority[at]! }));
		const [configured, executed] = await faults(edge("xdp", ...swapped));
		expect(configured).toBe(
			"edge/configured: edge is not in the order that the manifest promises: filter should stand at place 2 and stands at place 1; account should stand at place 1 and stands at place 2",
		);
		expect(executed).toMatch(/^edge\/executed: .*filter should run at place 2 and ran at place 1/);
	});

	it("have a root that is loaded for the chain alone, and tell of one that the kernel refuses", async () => {
		const from = (program: string): Chain => ({
			...edge("xdp", "account", "last"),
			root_program: { program, map: "root_next" },
		});
		expect(await faults(from("spare_root"))).toEqual([]);
		const refused = "the kernel refused bad_root in edge: BPF_PROG_LOAD gave EACCES";
		expect(await faults(from("bad_root"))).toEqual([
			`edge/configured: ${refused}`,
			`edge/executed: ${refused}`,
		]);
	});

	it("tell of a program that no array takes beside the others", async () => {
		const findings = await bench.orders(
			await chainPackage("tail-calls.bpf.c", [edge("xdp", "account", "fragments")]),
		);
		expect(findings.map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
			["fail", "chain-refused"],
			["fail", "chain-refused"],
		]);
		// Without buffers in fragments there is no such program.
		const call = id === "5.10" ? "BPF_PROG_LOAD" : "BPF_MAP_UPDATE_ELEM";
		expect(findings[0]!.evidence).toEqual({ call, errno: 22 });
	});

	it("tell of a member that relies on what the kernel does not keep", async () => {
		const found = async (chain: Chain) => {
			const declared = await declare(chain);
			const stage = await tailCall.open(declared, bench.guest);
			const scene = { chain: declared, mechanism: tailCall, stage, members: [] };
			const findings = [];
			for await (const finding of promises(scene)) findings.push(finding);
			await stage.close();
			return findings;
		};
		const [plain] = await found(edge("xdp", ...members));
		expect(plain).toMatchObject({ case: "edge/promises", outcome: "pass" });
		const broken = (plain!.evidence.broken as { name: string }[]).map(({ name }) => name);
		expect(broken.includes("limit-by-two-functions")).toBe(id === "5.10");
		const [twofold] = await found(edge("xdp", "account", "twofold"));
		if (id !== "5.10") expect(twofold!.outcome).toBe("pass");
		else
			expect(twofold!.reason).toMatchObject({
				code: "chain-promise",
				message: expect.stringMatching(
					/^this kernel does not keep a promise that matters to twofold in edge: what the tail calls out of one function .*\(1 returned; 71 runs instead of 1 returned; 34 runs\)$/,
				),
			});
	});

	it("are followed through the arrays, to strangers and in circles", async () => {
		const chain = await declare(edge("xdp", ...members));
		const stage = await tailCall.open(chain, bench.guest);
		const parts = chain.members.map((member): Part => ({ member, program: "first" }));
		const built = await stage.build(parts, [2, 0, 1]);
		const listed = async () =>
			(await built.configured()).map((part) => (typeof part === "number" ? "a stranger" : label(part)));
		const met = async () => (await stage.traffic.sample())[0]!.met.map(({ part }) => label(part));
		expect([await listed(), await met()]).toEqual([members, members]);

		await built.remove(parts[1]!);
		expect([await listed(), await met()]).toEqual([
			["account", "mark"],
			["account", "mark"],
		]);
		await built.insert(parts[1]!);
		const strange = await idOf("maps", "mark_next");
		const put = async (program: string) => {
			const array = { handle: await open("map_get_fd_by_id", strange) };
			const called = { handle: await open("prog_get_fd_by_id", await idOf("programs", program)) };
			expect((await client.call("bpf", slotUpdate(bench.guest, array, 0, called))).errno).toBe(0);
			for (const { handle } of [array, called]) await client.call("close", { handle });
		};
		// A member's own program is known, though it is not behind a recorder; the root is no
		// member.
		await put("account");
		expect(await listed()).toEqual([...members, "account"]);
		// Of 33 tail calls a member takes two, and who goes round the recorder one.
		const [round, rounds] = [["filter", "mark"], 5];
		expect(await met()).toEqual([
			...members,
			...Array.from({ length: rounds }, () => round).flat(),
			"filter",
		]);
		await put("root");
		expect(await listed()).toEqual([...members, "a stranger"]);
		await built.lose(parts[1]!);
		expect([await listed(), await met()]).toEqual([["account"], ["account"]]);
		await built.close();
		await stage.close();
	});

	async function declare(chain: Chain) {
		const pkg = await chainPackage("tail-calls.bpf.c", [chain]);
		const source = {
			...{ file: "front", pointer: "/chains/0", owner: pkg },
			chain: pkg.manifest.chains![0]!,
		};
		return declaredChain(source, [pkg], new Set(["tail_call" as const]));
	}

	async function idOf(kind: "maps" | "programs", name: string): Promise<number> {
		const found = (await client.call("inventory", {}))[kind].filter((each) => each.name === name);
		expect(found.length, name).toBe(1);
		return found[0]!.id;
	}

	async function open(command: string, id: number): Promise<number> {
		const { errno, fd } = await bpf(client, command, new BpfAttr(12).u32(0, id));
		expect(errno).toBe(0);
		return fd!;
	}
});

it("33 tail calls are met, though a slot takes one too; whoever is left out is told", async () => {
	const bench = await chainBench("6.12");
	const all = Array.from({ length: 33 }, (_, number) => `m${String(number).padStart(2, "0")}`);
	const source = "tail-calls-thirty-three.bpf.c";
	const pkg = await chainPackage(source, [edge("xdp", ...all)]);
	const [configured, executed] = await bench.orders(pkg);
	expect([configured!.evidence.configured, configured!.outcome]).toEqual([all, "pass"]);
	expect([executed!.reason?.message, executed!.outcome]).toEqual([undefined, "pass"]);
	expect(executed!.evidence.executed).toEqual(all);

	const chain = declaredChain(chainsOf([pkg])[0]!, [pkg], new Set(["tail_call" as const]));
	const stage = await tailCall.open(chain, bench.guest);
	const parts = chain.members.map((member): Part => ({ member, program: "first" }));
	const scene = { chain, mechanism: tailCall, stage, members: parts };
	for await (const finding of neighbours(scene)) expect(finding).toMatchObject({ outcome: "pass" });
	const built = await stage.build(parts);
	const second: Part = { member: parts[16]!.member, program: "second" };
	await built.replace(parts[16]!, second);
	await built.replace(second, parts[16]!);
	const during = [...built.replacing(parts[16]!, second), ...built.replacing(second, parts[16]!)];
	const { met, unaccounted } = await stage.traffic.flow!(1000, during, 2);
	const last = new Set([...met.values()].map((each) => each.at(-1)!.part));
	expect([unaccounted, last]).toEqual([0, new Set([parts[16]!, second])]);
	await built.lose(parts[29]!);
	const found = [];
	for await (const { reason } of orders(scene, built)) found.push(reason?.message);
	expect(found[1]).toBe(
		"a UDP packet over IPv4 did not meet edge as it is declared: m29 should run at place 30 and never ran: the last that the packet met was m28; m30 should run at place 31 and never ran: the last that the packet met was m28; m31 should run at place 32 and never ran: the last that the packet met was m28; and 1 more",
	);
	await built.close();
	await stage.close();
	await bench.dispose();
});

it.each<{ id: string; hook: Chain["hook"]; bare?: true }>([
	{ id: "5.10", hook: "tc_egress" },
	{ id: "6.12", hook: "netkit_peer" },
	// Without modules: the root is a link of tcx, on lo.
	{ id: "6.18", hook: "tc_ingress", bare: true },
])("tail calls on $hook of $id are met in their order", async ({ id, hook, bare }) => {
	const kernel = await openKernel(id);
	const bench = await chainBench(bare ? withoutModules(kernel) : kernel);
	const findings = await bench.orders(await chainPackage("tail-calls-tc.bpf.c", [edge(hook, ...members)]));
	await bench.dispose();
	expect(findings.map(({ outcome, reason }) => [outcome, reason?.message])).toEqual([
		["pass", undefined],
		["pass", undefined],
	]);
	expect(findings[1]!.evidence.expected).toHaveLength(3);
});

it("tail calls on tcx_ingress of 7.3 pass every case, in sections that say so", async () => {
	const bench = await chainBench("7.3");
	const findings = await bench.check(
		await chainPackage("tail-calls-tcx.bpf.c", [edge("tcx_ingress", ...members)]),
	);
	await bench.dispose();
	expect(failures(findings)).toEqual([]);
	const { promise } = findings.get("edge/neighbours")!.evidence;
	expect(promise).toBe("packets meet xdp, then tail_call, then clsact");
});
