// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../data/package/sections/chain.js";
import { chainBench, chainPackage, failures } from "./testchainbench.js";

const limits = { 0: { verdict: 2, packets: 100 } };
const credit = { 1: 1 };

/** The chain of filled.bpf.c with these contents of its members' maps. */
const edge = (gate: Chain["members"][number]["maps_before"], count: typeof gate): Chain => ({
	...{ name: "edge", hook: "xdp", root_program: { program: "root", map: "root_next" } },
	members: [
		{ program: "gate", next: "gate_next", ...(gate ? { maps_before: gate } : {}) },
		{ program: "count", next: "count_next", ...(count ? { maps_before: count } : {}) },
		{ program: "last" },
	],
});

describe.each(["5.10", "7.3"])("contents of members' maps on %s", (kernel) => {
	let bench: Awaited<ReturnType<typeof chainBench>>;
	beforeAll(async () => {
		bench = await chainBench(kernel);
	});
	afterAll(() => bench.dispose());

	const orders = async (chain: Chain) =>
		failures(
			new Map(
				(await bench.orders(await chainPackage("filled.bpf.c", [chain]))).map((each) => [each.case, each]),
			),
		);

	it("are there for each load of each member", async () => {
		const chain = edge({ limits }, { credit });
		const findings = await bench.check(await chainPackage("filled.bpf.c", [chain]));
		expect(failures(findings)).toEqual([]);
		expect(findings.has("edge/replace/gate") && findings.has("edge/replace/count")).toBe(true);
	});

	it("are needed by those members", async () => {
		expect(await orders(edge(undefined, { credit }))).toEqual([
			"edge/executed: count: expected at position 2, never ran; the furthest of 7 packets stopped at position 1, gate",
		]);
		expect((await orders(edge({ limits }, undefined)))[0]).toMatch(/^edge\/executed: last: .* count$/);
	});

	it("that the kernel refuses are named", async () => {
		const two = { ...limits, 2048: { verdict: 1, packets: 1 } };
		expect((await orders(edge({ limits: two }, { credit })))[0]).toBe(
			"edge/configured: the kernel refused an entry of map limits of front.bpf.o in edge: BPF_MAP_UPDATE_ELEM returned E2BIG",
		);
	});
});
