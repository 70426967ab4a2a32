// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Guest } from "../../machine/vm/guest.js";
import type { ChainEntry } from "./chain-entry.js";
import type { MemberRun } from "./order-recorder.js";
import { RunCounts } from "./run-counts.js";

const entry = { member: { label: "filter" }, program: "first" } as ChainEntry;
const client = { call: async () => ({ errno: 0, fd: 1, attr: new Uint8Array(4), blobs: [] }) };
const guest = { client, kernel: { arch: "x86_64" } } as unknown as Guest;

/**
 * Two packets are sent to one member, and run between reads of its counter and of the recorder.
 *
 * @param runs after how many looks each packet runs
 * @param missed by the recorder
 */
async function watch(runs: readonly number[], missed: readonly number[] = []) {
	let [looks, counted, sent] = [0, 0, 0];
	let recorded: MemberRun[] = [];
	const look = () => {
		for (const [packet, at] of runs.entries())
			if (sent > 0 && at === looks - sent) {
				counted++;
				if (!missed.includes(packet)) recorded.push({ member: 1, packet, empty: false, timeNs: 0n });
			}
		looks++;
	};
	const counts = new RunCounts(
		{
			guest,
			recorder: {
				read: async () => {
					look();
					const read = recorded;
					recorded = [];
					return read;
				},
			},
			runCounts: async () => {
				look();
				return new Map([[entry, counted]]);
			},
			loaded: () => ({ entry, number: 1, id: 1, path: "", held: { handle: 1, program: "filter" } }),
			entriesOf: () => [{ entry }],
		},
		true,
	);
	const send = async () => {
		sent = looks;
	};
	const { runs: seen, miscounted } = await counts.watch(
		send,
		(all) => all.length === 2,
		() => true,
	);
	return { packets: seen.map(({ packet }) => packet), miscounted };
}

it("packets that run at once are recorded and counted", async () => {
	expect(await watch([0, 0])).toEqual({ packets: [0, 1], miscounted: undefined });
});

// ksoftirqd may run them at any time, also between the recorder and the counter.
it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
	"a packet that runs after %i looks is counted as it is recorded",
	async (late) => {
		expect(await watch([0, late])).toEqual({ packets: [0, 1], miscounted: undefined });
		expect(await watch([late, late])).toEqual({ packets: [0, 1], miscounted: undefined });
	},
);

it("reports a run that the recorder missed", async () => {
	expect(await watch([0, 0], [1])).toEqual({
		packets: [0],
		miscounted: "the kernel counted 2 runs of filter, but 1 were recorded",
	});
});
