// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Package } from "../../../data/package/package.js";
import type { Chain } from "../../../data/package/sections/chain.js";
import type { Finding } from "../../../lab/check.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { orders } from "../cases/orders.js";
import { standing } from "../judge.js";
import { BuildError, type Built, type Stage } from "../mechanism.js";
import { type DeclaredChain, declaredChain } from "../model/declared.js";
import { type Part, partName } from "../part.js";
import { tried } from "../scene.js";
import type { CgroupHook } from "../socket-calls.js";
import { chainBench, chainPackage, failures } from "../testbench.js";
import { cgroupChain, cgroupPackage } from "../testcgroup.js";
import { cgroup } from "./cgroup.js";
import { cgroupAbilities } from "./cgroup-abilities.js";

const E2BIG = 7;
const hook: CgroupHook = "cgroup_connect4";

describe.each([
	{ id: "5.10", places: false, preorder: false },
	{ id: "6.12", places: true, preorder: true },
	{ id: "7.3", places: true, preorder: true },
])("cgroup chains on $id", ({ id, places, preorder }) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	let guest: Guest;
	let pkg: Package;
	let stage: Stage | undefined;
	let built: Built | undefined;

	beforeAll(async () => {
		[pkg, bench] = [await cgroupPackage(), await chainBench(id)];
		({ guest } = bench);
	});

	afterEach(async () => {
		await built?.close();
		await stage?.close();
		[built, stage] = [undefined, undefined];
	});

	afterAll(() => bench.dispose());

	async function open(chain: DeclaredChain): Promise<{ stage: Stage; parts: Part[] }> {
		stage = await cgroup.open(chain, guest);
		return { stage, parts: chain.members.map((member): Part => ({ member, program: "first" })) };
	}

	/** Fails unless the kernel lists these, and calls meet them, in this order. */
	async function expectOrder(...parts: Part[]): Promise<void> {
		const names = parts.map(partName);
		const configured = await built!.configured();
		expect(configured.map((part) => (typeof part === "number" ? part : partName(part)))).toEqual(names);
		for (const { met, miscounted } of await stage!.traffic.sample())
			expect([met.map(({ part }) => partName(part)), miscounted]).toEqual([names, undefined]);
	}

	it("finds out by trying what the lists take", async () => {
		const found = await cgroupAbilities(guest, "cgroup_sock_addr", "cgroup_inet4_connect");
		expect(found).toEqual({ places, preorder });
	});

	it("are as declared, in whatever order they are attached, and changed in place", async () => {
		const { stage, parts } = await open(cgroupChain(pkg, hook, ["a", "no", "b", "c"]));
		const [a, no, b, c] = parts as [Part, Part, Part, Part];
		built = await stage.build([a, no, b]);
		await expectOrder(a, no, b);
		expect(built.notes?.()).toEqual([]);
		await built.close();

		built = await stage.build([a, no, b, c], [3, 1, 0, 2]);
		await expectOrder(a, no, b, c);
		if (places) expect(built.notes?.()).toEqual([]);
		else expect(built.notes?.()[0]).toContain("connect4_c was detached and attached again 3 times");
		await built.remove(no);
		await expectOrder(a, b, c);
		await built.insert(no);
		await expectOrder(a, no, b, c);
		await built.lose(a);
		await expectOrder(...cgroup.survivors([a, no, b, c], a));
		await built.insert(a);
		await built.reorder([c, a, no, b]);
		await expectOrder(c, a, no, b);

		const second: Part = { member: a.member, program: "second" };
		await built.replace(a, second);
		await expectOrder(c, second, no, b);
		const own: Part = { member: no.member, program: { verdict: 1 } };
		await built.replace(no, own);
		await expectOrder(c, second, own, b);
		const [encounter] = await stage.traffic.sample();
		expect(encounter).toMatchObject({ passed: true });
	});

	it("go from the cgroup of the process up to that of the chain", async () => {
		const chain = cgroupChain(pkg, hook, [
			"a",
			["b", { cgroup: "pod/task" }],
			["c", { cgroup: "pod" }],
			"no",
		]);
		const { stage, parts } = await open(chain);
		const [a, b, c, no] = parts as [Part, Part, Part, Part];
		built = await stage.build(parts, [3, 0, 2, 1]);
		await expectOrder(b, c, a, no);
		expect(standing("cgroup", parts)).toEqual([b, c, a, no]);
		await built.remove(c);
		await expectOrder(b, a, no);
	});

	it("have 64 programs in a cgroup, and no more", async () => {
		const { stage } = await open(cgroupChain(pkg, hook, ["a"]));
		expect(await stage.limit()).toEqual({ promised: 64, taken: 64, met: 64, errno: E2BIG });
	});

	it("stand between the lists of the cgroups above and below", async () => {
		const { stage } = await open(cgroupChain(pkg, hook, ["a", "b"]));
		const { expected, found } = (await stage.neighbours())!;
		expect(found).toBe(expected);
		expect(expected).toContain("a neighbour's, connect4_a, connect4_b, a neighbour's");
	});

	it("leave nothing behind, and say what the kernel refused", async () => {
		const { stage, parts } = await open(cgroupChain(pkg, hook, ["a", "b"]));
		await expect(stage.build([parts[0]!, parts[0]!])).rejects.toThrow(BuildError);
		built = await stage.build(parts);
		await expectOrder(...parts);
	});

	const preordered = () => {
		const down = { cgroup: "pod", preorder: true };
		return cgroupChain(pkg, hook, ["a", ["b", down], ["no", { preorder: true }], ["c", down]]);
	};

	it("keep all promises, with PREORDER where the kernel has it, and leave nothing behind", async () => {
		const task = { program: "connect4_b", cgroup: "task" };
		const levels = [task, { program: "connect4_a" }, { program: "connect4_c" }];
		const root = { program: "connect4_no", preorder: true };
		const pod: Chain = { name: "pod", hook, members: levels };
		const whole: Chain = { name: "whole", hook, members: [root, ...levels] };
		const found = await bench.check(await cgroupPackage(preorder ? [whole] : [pod, whole]));
		const name = preorder ? "whole" : "pod";
		expect(found.get(`${name}/atomic`)?.evidence).toMatchObject({ half: 0, unaccounted: 0, operations: 40 });
		const inserted = JSON.stringify(found.get(`${name}/insert/connect4_a`)?.evidence);
		expect(inserted.includes("connect4_c was detached and attached again once")).toBe(!places);
		if (preorder) return expect(failures(found)).toEqual([]);
		const message = `kernel ${id} knows no BPF_F_PREORDER, which connect4_no is attached with`;
		expect(failures(found)).toEqual([`whole/configured: ${message}`, `whole/executed: ${message}`]);
		return undefined;
	});

	it("say which member stands on the wrong level", async () => {
		const chain = cgroupChain(pkg, hook, ["a", ["b", { cgroup: "task" }]]);
		const { stage, parts } = await open(chain);
		built = await stage.build(parts);
		const found = new Map<string, Finding>();
		const scene = { chain, mechanism: cgroup, stage, members: parts };
		for await (const finding of orders(scene, built)) found.set(finding.case, finding);
		const [configured, executed] = failures(found);
		expect(configured).toContain("connect4_a should stand at place 1 and stands at place 2");
		expect(executed).toContain("connect4_a should run at place 1 and ran at place 2");
	});

	if (!preorder) return;

	it("go from the root down before all others with PREORDER, and so does what replaces them", async () => {
		const { stage, parts } = await open(preordered());
		const [a, b, no, c] = parts as [Part, Part, Part, Part];
		built = await stage.build(parts, [3, 2, 1, 0]);
		await expectOrder(no, b, c, a);
		expect(standing("cgroup", parts)).toEqual([no, b, c, a]);
		const second: Part = { member: b.member, program: "second" };
		await built.replace(b, second);
		await expectOrder(no, second, c, a);
		await built.remove(second);
		await built.insert(b);
		await expectOrder(no, b, c, a);
		await built.close();
		const { expected, found } = (await stage.neighbours())!;
		expect(found).toBe(expected);
	});

	if (id !== "6.12") return;

	it("cannot be changed in place when they are 64 in one cgroup, and can when they are 64 in two", async () => {
		const all = Array.from({ length: 64 }, (_, number) => `m${String(number).padStart(2, "0")}`);
		const owner = await chainPackage("cgroup-sixty-four.bpf.c", []);
		const replaced = async (below: number) => {
			const members = all.map((program, place) => ({
				program,
				...(place < below ? { cgroup: "pod" } : {}),
			}));
			const source = {
				file: "chain.json",
				pointer: "/chains/0",
				chain: { name: "full", hook, members },
				owner,
			};
			const chain = declaredChain(source, [owner], new Set(["cgroup"]));
			const { stage: opened, parts } = await open(chain);
			built = await opened.build(parts);
			const name = "full/replace/m00";
			const second: Part = { ...parts[0]!, program: "second" };
			const { outcome, reason } = await tried(chain, name, async () => {
				await built!.replace(parts[0]!, second);
				return { case: name, outcome: "pass", evidence: {} };
			});
			await expectOrder(outcome === "pass" ? second : parts[0]!, ...parts.slice(1));
			await built.close();
			await opened.close();
			[built, stage] = [undefined, undefined];
			return reason?.message ?? outcome;
		};
		expect(await replaced(1)).toBe("pass");
		expect(await replaced(0)).toBe(
			"the kernel replaces no program of a cgroup that has as many as it takes, and m00 is one of 64 (BPF_PROG_ATTACH with BPF_F_REPLACE gave E2BIG)",
		);
	});
});
