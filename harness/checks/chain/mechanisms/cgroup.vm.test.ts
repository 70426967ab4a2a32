// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Package } from "../../../data/package/package.js";
import type { Chain } from "../../../data/package/sections/chain.js";
import { passed } from "../../../lab/findings.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { orders } from "../cases/orders.js";
import { oneCase } from "../chain-case.js";
import { type ChainEntry, entryName } from "../chain-entry.js";
import { kernelOrder } from "../execution.js";
import { type AttachedChain, type AttachPoint, RefusedEntry } from "../mechanism.js";
import { type DeclaredChain, declaredChain } from "../model/declared-chain.js";
import type { CgroupHook } from "../socket-calls.js";
import { cgroupChain, cgroupPackage } from "../testcgroupchain.js";
import { chainBench, chainPackage, failures } from "../testchainbench.js";
import { cgroup } from "./cgroup.js";
import { cgroupAbilities } from "./cgroup-abilities.js";

const hook: CgroupHook = "cgroup_connect4";

describe.each([
	{ id: "5.10", places: false, preorder: false },
	{ id: "6.12", places: true, preorder: true },
	{ id: "7.3", places: true, preorder: true },
])("cgroup chains on $id", ({ id, places, preorder }) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	let guest: Guest;
	let pkg: Package;
	let attachPoint: AttachPoint | undefined;
	let attached: AttachedChain | undefined;

	beforeAll(async () => {
		[pkg, bench] = [await cgroupPackage(), await chainBench(id)];
		({ guest } = bench);
	});

	afterEach(async () => {
		await attached?.close();
		await attachPoint?.close();
		[attached, attachPoint] = [undefined, undefined];
	});

	afterAll(() => bench.dispose());

	async function open(chain: DeclaredChain): Promise<{ attachPoint: AttachPoint; entries: ChainEntry[] }> {
		attachPoint = await cgroup.open(chain, guest);
		return {
			attachPoint,
			entries: chain.members.map((member): ChainEntry => ({ member, program: "first" })),
		};
	}

	/** Fails unless the kernel lists these, and calls meet them, in this order. */
	async function expectOrder(...entries: ChainEntry[]): Promise<void> {
		const names = entries.map(entryName);
		const configured = await attached!.configured();
		expect(configured.map((entry) => (typeof entry === "number" ? entry : entryName(entry)))).toEqual(names);
		for (const { met, miscounted } of await attachPoint!.traffic.sample())
			expect([met.map(({ entry }) => entryName(entry)), miscounted]).toEqual([names, undefined]);
	}

	it("detect what the lists support by trying it", async () => {
		const found = await cgroupAbilities(guest, "cgroup_sock_addr", "cgroup_inet4_connect");
		expect(found).toEqual({ places, preorder });
	});

	it("are in the declared order, whatever the order of attachment, and are changed in place", async () => {
		const { attachPoint, entries } = await open(cgroupChain(pkg, hook, ["a", "no", "b", "c"]));
		const [a, no, b, c] = entries as [ChainEntry, ChainEntry, ChainEntry, ChainEntry];
		attached = await attachPoint.attach([a, no, b]);
		await expectOrder(a, no, b);
		expect(attached.notes?.()).toEqual([]);
		await attached.close();

		attached = await attachPoint.attach([a, no, b, c], [3, 1, 0, 2]);
		await expectOrder(a, no, b, c);
		if (places) expect(attached.notes?.()).toEqual([]);
		else expect(attached.notes?.()[0]).toContain("connect4_c was detached and attached again 3 times");
		await attached.remove(no);
		await expectOrder(a, b, c);
		await attached.insert(no);
		await expectOrder(a, no, b, c);
		await attached.detach(a);
		await expectOrder(no, b, c);
		await attached.insert(a);
		await attached.reorder([c, a, no, b]);
		await expectOrder(c, a, no, b);

		const second: ChainEntry = { member: a.member, program: "second" };
		await attached.replace(a, second);
		await expectOrder(c, second, no, b);
		const own: ChainEntry = { member: no.member, program: { verdict: 1 } };
		await attached.replace(no, own);
		await expectOrder(c, second, own, b);
		const [trace] = await attachPoint.traffic.sample();
		expect(trace).toMatchObject({ passed: true });
	});

	it("run from the cgroup of the process up to that of the chain", async () => {
		const chain = cgroupChain(pkg, hook, [
			"a",
			["b", { cgroup: "pod/task" }],
			["c", { cgroup: "pod" }],
			"no",
		]);
		const { attachPoint, entries } = await open(chain);
		const [a, b, c, no] = entries as [ChainEntry, ChainEntry, ChainEntry, ChainEntry];
		attached = await attachPoint.attach(entries, [3, 0, 2, 1]);
		await expectOrder(b, c, a, no);
		expect(kernelOrder("cgroup", entries)).toEqual([b, c, a, no]);
		await attached.remove(c);
		await expectOrder(b, a, no);
	});

	it("leave nothing behind, and name what the kernel refused", async () => {
		const { attachPoint, entries } = await open(cgroupChain(pkg, hook, ["a", "b"]));
		await expect(attachPoint.attach([entries[0]!, entries[0]!])).rejects.toThrow(RefusedEntry);
		attached = await attachPoint.attach(entries);
		await expectOrder(...entries);
	});

	const preordered = () => {
		const down = { cgroup: "pod", preorder: true };
		return cgroupChain(pkg, hook, ["a", ["b", down], ["no", { preorder: true }], ["c", down]]);
	};

	it("pass every case, with PREORDER where the kernel has it, and leave nothing behind", async () => {
		const task = { program: "connect4_b", cgroup: "task" };
		const levels = [task, { program: "connect4_a" }, { program: "connect4_c" }];
		const root = { program: "connect4_no", preorder: true };
		const pod: Chain = { name: "pod", hook, members: levels };
		const whole: Chain = { name: "whole", hook, members: [root, ...levels] };
		const found = await bench.check(await cgroupPackage(preorder ? [whole] : [pod, whole]));
		const name = preorder ? "whole" : "pod";
		expect(found.get(`${name}/replace-under-traffic`)?.evidence).toMatchObject({
			half: 0,
			unaccounted: 0,
			operations: 40,
		});
		const inserted = JSON.stringify(found.get(`${name}/insert/connect4_a`)?.evidence);
		expect(inserted.includes("connect4_c was detached and attached again once")).toBe(!places);
		if (preorder) return expect(failures(found)).toEqual([]);
		const message = `kernel ${id} does not support BPF_F_PREORDER, which connect4_no needs`;
		const ofWhole = [...found.keys()].filter((name) => name.startsWith("whole/"));
		expect(ofWhole).toContain("whole/insert/connect4_no");
		expect(failures(found)).toEqual(ofWhole.map((name) => `${name}: ${message}`));
		return undefined;
	});

	it("name the member on the wrong level", async () => {
		const chain = cgroupChain(pkg, hook, ["a", ["b", { cgroup: "task" }]]);
		const { attachPoint, entries } = await open(chain);
		attached = await attachPoint.attach(entries);
		const subject = { chain, mechanism: cgroup, attachPoint, members: entries };
		const { findings: found } = await orders(subject, attached);
		const [configured, executed] = failures(new Map(found.map((finding) => [finding.case, finding])));
		expect(configured).toContain("connect4_a: expected at position 1, found at 2");
		expect(executed).toContain("connect4_a: expected at position 1, ran at 2");
	});

	if (!preorder) return;

	it("run PREORDER members from the root down, before all others, and so do their replacements", async () => {
		const { attachPoint, entries } = await open(preordered());
		const [a, b, no, c] = entries as [ChainEntry, ChainEntry, ChainEntry, ChainEntry];
		attached = await attachPoint.attach(entries, [3, 2, 1, 0]);
		await expectOrder(no, b, c, a);
		expect(kernelOrder("cgroup", entries)).toEqual([no, b, c, a]);
		const second: ChainEntry = { member: b.member, program: "second" };
		await attached.replace(b, second);
		await expectOrder(no, second, c, a);
		await attached.remove(second);
		await attached.insert(b);
		await expectOrder(no, b, c, a);
	});

	if (id !== "6.12") return;

	it("cannot replace one of 64 programs in one cgroup, and can when they are in two", async () => {
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
			const { attachPoint: opened, entries } = await open(chain);
			attached = await opened.attach(entries);
			const second: ChainEntry = { ...entries[0]!, program: "second" };
			const { outcome, reason } = await oneCase(chain, "replace/m00", async () => {
				await attached!.replace(entries[0]!, second);
				return passed();
			});
			await expectOrder(outcome === "pass" ? second : entries[0]!, ...entries.slice(1));
			await attached.close();
			await opened.close();
			[attached, attachPoint] = [undefined, undefined];
			return reason?.message ?? outcome;
		};
		expect(await replaced(1)).toBe("pass");
		expect(await replaced(0)).toBe(
			"the kernel cannot replace a program of a full cgroup, and m00 is one of 64 (BPF_PROG_ATTACH with BPF_F_REPLACE returned E2BIG)",
		);
	});
});
