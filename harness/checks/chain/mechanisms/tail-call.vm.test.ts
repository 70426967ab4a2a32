// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../../data/package/sections/chain.js";
import type { KernelPromise } from "../../../lab/promise.js";
import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { openKernel } from "../../../machine/kernel/store.js";
import { withoutModules } from "../../../machine/kernel/testkernel.js";
import { tailCallPromises } from "../../../qualify/chains/tail-call-promises.js";
import { orders } from "../cases/orders.js";
import { promisesFinding } from "../cases/relied-promises.js";
import { type ChainEntry, label } from "../chain-entry.js";
import { slotUpdate } from "../hook-list.js";
import { chainsOf, declaredChain } from "../model/declared-chain.js";
import { chainBench, chainPackage, failures } from "../testchainbench.js";
import { tailCall } from "./tail-call.js";
import { reliance } from "./tail-call-reliance.js";

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
		expect(findings.size).toBe(22);
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
		// Packets can see the second of two changed slots; in L3AF's steps they see each change,
		// and a chain that ends early.
		expect(evidence("replace-under-traffic")).toMatchObject({ atomic: true, half: 0, unaccounted: 0 });
		const window = evidence("replace-under-traffic").in_steps as Record<string, unknown>;
		expect(window).toMatchObject({ unaccounted: 0, refused: [] });
		expect(window.packets).toBeGreaterThanOrEqual(10_000);
		expect(window.half).toBeGreaterThan(1000);
		for (const [missing, before] of [
			["filter: expected at position 2", "account"],
			["mark: expected at position 3", "filter"],
		])
			expect(window.examples).toContainEqual(
				expect.stringMatching(
					new RegExp(`^packet \\d+ \\(\\d+ like it\\): ${missing}, never ran; .* ${before} last$`),
				),
			);
	});

	it("name the member behind one that calls the wrong slot", async () => {
		expect(await faults(edge("xdp", "account", "astray", "last"))).toEqual([
			"edge/executed: a UDP packet over IPv4 did not meet edge as declared: last: expected at position 3, never ran; the packet met astray last",
		]);
	});

	it("fail once for a member that never ran: cases that need it are skipped", async () => {
		const pkg = await chainPackage("tail-calls.bpf.c", [edge("xdp", "account", "astray", "last")]);
		const findings = [...(await bench.check(pkg)).values()];
		const of = (wanted: string) => findings.filter(({ outcome }) => outcome === wanted);
		expect(of("fail").map((each) => each.case)).toEqual(["edge/executed"]);
		expect(of("skip").map((each) => each.case)).toEqual(
			[
				...["end-at-member/last", "insert/account", "insert/astray", "insert/last", "remove/account"],
				...["replace/account", "replace/astray", "replace/last", "reorder"],
				...["rebuild", "attach-orders", "replace-under-traffic"],
			].map((name) => `edge/${name}`),
		);
		expect(new Set(of("skip").map(({ reason }) => `${reason?.code}: ${reason?.message}`))).toEqual(
			new Set(["chain-unreached: packets do not get past astray, as edge/executed reports"]),
		);
	});

	it("name members that priorities put in another order", async () => {
		const priority = [2, 1, 3];
		const swapped = members.map((program, at) => ({ program, priority: priority[at]! }));
		const [configured, executed] = await faults(edge("xdp", ...swapped));
		expect(configured).toBe(
			"edge/configured: edge is not in the declared order: filter: expected at position 2, found at 1; account: expected at position 1, found at 2",
		);
		expect(executed).toMatch(/^edge\/executed: .*filter: expected at position 2, ran at 1/);
	});

	it("load a root for the chain alone, and name a root that the kernel refuses", async () => {
		const from = (program: string): Chain => ({
			...edge("xdp", "account", "last"),
			root_program: { program, map: "root_next" },
		});
		expect(await faults(from("spare_root"))).toEqual([]);
		const refused =
			/^edge\/configured: the kernel refused bad_root in edge: BPF_PROG_LOAD returned EACCES \(\S/;
		expect(await faults(from("bad_root"))).toEqual([
			expect.stringMatching(refused),
			"edge/executed: the chain was not built, as edge/configured reports",
		]);
	});

	it("name a program that the array refuses", async () => {
		const findings = await bench.orders(
			await chainPackage("tail-calls.bpf.c", [edge("xdp", "account", "fragments")]),
		);
		expect(findings.map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
			["fail", "chain-refused"],
			["skip", "chain-unbuilt"],
		]);
		// Without buffers in fragments there is no such program.
		const call = id === "5.10" ? "BPF_PROG_LOAD" : "BPF_MAP_UPDATE_ELEM";
		expect(findings[0]!.evidence).toMatchObject({ call, errno: 22 });
	});

	it("name a member that relies on a promise that the kernel breaks", async () => {
		const promises: KernelPromise[] = [];
		for await (const promise of tailCallPromises(bench.guest)) promises.push(promise);
		const found = async (chain: Chain) => {
			const declared = await declare(chain);
			return promisesFinding(declared, promises, reliance(declared));
		};
		const plain = await found(edge("xdp", ...members));
		expect(plain.outcome).toBe("pass");
		const broken = (plain.evidence.broken as { name: string }[]).map(({ name }) => name);
		expect(broken.includes("limit-by-two-functions")).toBe(id === "5.10");
		const twofold = await found(edge("xdp", "account", "twofold"));
		if (id !== "5.10") expect(twofold.outcome).toBe("pass");
		else
			expect(twofold.reason).toMatchObject({
				code: "chain-promise",
				message:
					"twofold in edge relies on a promise that this kernel breaks: tail calls of one function count towards the limit of the next function; expected a return value of 1 after 34 runs, found a return value of 1 after 71 runs",
			});
	});

	it("are read from the arrays, with other programs and loops", async () => {
		const chain = await declare(edge("xdp", ...members));
		const attachPoint = await tailCall.open(chain, bench.guest);
		const entries = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
		const attached = await attachPoint.attach(entries, [2, 0, 1]);
		const listed = async () =>
			(await attached.configured()).map((entry) =>
				typeof entry === "number" ? "another program" : label(entry),
			);
		const met = async () => (await attachPoint.traffic.sample())[0]!.met.map(({ entry }) => label(entry));
		expect([await listed(), await met()]).toEqual([members, members]);

		await attached.remove(entries[1]!);
		expect([await listed(), await met()]).toEqual([
			["account", "mark"],
			["account", "mark"],
		]);
		await attached.insert(entries[1]!);
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
		expect(await listed()).toEqual([...members, "another program"]);
		await attached.detach(entries[1]!);
		expect([await listed(), await met()]).toEqual([["account"], ["account"]]);
		await attached.close();
		await attachPoint.close();
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

it("33 tail calls are recorded in parts, and members that never ran are named", async () => {
	const bench = await chainBench("6.12");
	const all = Array.from({ length: 33 }, (_, number) => `m${String(number).padStart(2, "0")}`);
	const source = "tail-calls-thirty-three.bpf.c";
	const pkg = await chainPackage(source, [edge("xdp", ...all)]);
	const [configured, executed] = await bench.orders(pkg);
	expect([configured!.evidence.configured, configured!.outcome]).toEqual([all, "pass"]);
	expect([executed!.reason?.message, executed!.outcome]).toEqual([undefined, "pass"]);
	expect(executed!.evidence.executed).toEqual(all);

	const chain = declaredChain(chainsOf([pkg])[0]!, [pkg], new Set(["tail_call" as const]));
	const attachPoint = await tailCall.open(chain, bench.guest);
	const entries = chain.members.map((member): ChainEntry => ({ member, program: "first" }));
	const subject = { chain, mechanism: tailCall, attachPoint, members: entries };
	const attached = await attachPoint.attach(entries);
	const second: ChainEntry = { member: entries[16]!.member, program: "second" };
	await attached.replace(entries[16]!, second);
	await attached.replace(second, entries[16]!);
	const during = [
		...attached.replacement(entries[16]!, second),
		...attached.replacement(second, entries[16]!),
	];
	const { met, unaccounted } = await attachPoint.traffic.flow!(0, 1000, during, 2);
	const last = new Set([...met.values()].map((each) => each.at(-1)!.entry));
	expect([unaccounted, last]).toEqual([0, new Set([entries[16]!, second])]);
	await attached.detach(entries[29]!);
	const {
		findings: [, found],
	} = await orders(subject, attached);
	expect(found?.reason?.message).toBe(
		"a UDP packet over IPv4 did not meet edge as declared: m29: expected at position 30, never ran; the packet met m28 last; m30: expected at position 31, never ran; the packet met m28 last; m31: expected at position 32, never ran; the packet met m28 last; and 1 more",
	);
	await attached.close();
	await attachPoint.close();
	await bench.dispose();
});

it.each<{ id: string; hook: Chain["hook"]; bare?: true }>([
	{ id: "5.10", hook: "tc_egress" },
	{ id: "6.12", hook: "netkit_peer" },
	// Without modules: the root is a link of tcx, on lo.
	{ id: "6.18", hook: "tc_ingress", bare: true },
])("tail calls on $hook of $id run in their order", async ({ id, hook, bare }) => {
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
});
