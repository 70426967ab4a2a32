// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { arrivedRuns, untilQuiet } from "./arrival.js";
import type { MemberRun } from "./order-recorder.js";

const run = (packet: number): MemberRun => ({ member: 1, packet, empty: false, timeNs: 0n });

/** Gives one batch at a time, and nothing once they are gone. */
function recorder(...batches: MemberRun[][]) {
	let reads = 0;
	return { read: async () => batches[reads++] ?? [], reads: () => reads };
}

const packets = (runs: readonly MemberRun[]) => runs.map(({ packet }) => packet);

it("does not wait when everything has arrived", async () => {
	const late = recorder([run(2)]);
	expect(packets(await arrivedRuns(late, [run(1)], (runs) => runs.length === 1))).toEqual([1]);
	expect(late.reads()).toBe(0);
});

it("waits for what is late, with pauses in between", async () => {
	const late = recorder([], [], [run(2)], [], [], [], [run(3), run(4)], [run(5)]);
	const runs = await arrivedRuns(late, [run(1)], (all) => all.length === 4);
	expect(packets(runs)).toEqual([1, 2, 3, 4]);
	expect(late.reads()).toBe(7);
});

it("gives up on what never arrives", async () => {
	const late = recorder([], [], [run(2)]);
	expect(packets(await arrivedRuns(late, [run(1)], () => false))).toEqual([1, 2]);
	expect(late.reads()).toBe(9);
	let looks = 0;
	await untilQuiet(async () => ({ arrived: 0, all: ++looks > 100 }));
	expect(looks).toBe(7);
});
