// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import type { MemberRun, OrderRecorder } from "./order-recorder.js";

/**
 * After this long without anything new, everything is assumed to have arrived; and how often to
 * look. The guest runs between two looks.
 */
const quietMs = 60;
const lookMs = 10;

/**
 * Waits for packets that were sent and have not arrived: a busy kernel leaves a device's queue to
 * ksoftirqd.
 *
 * @param look how much has arrived so far, and whether that is all; packets that meet no program
 * never arrive
 */
export async function untilQuiet(look: () => Promise<{ arrived: number; all: boolean }>): Promise<void> {
	let seen = await look();
	for (let quiet = 0; quiet < quietMs && !seen.all; ) {
		await sleep(lookMs);
		const now = await look();
		quiet = now.arrived === seen.arrived ? quiet + lookMs : 0;
		seen = now;
	}
}

/**
 * Runs of members that packets met, including late ones.
 *
 * @param recorded so far
 * @param all whether every packet has arrived
 * @throws UndecidedError `recorder-overrun`
 */
export async function arrivedRuns(
	recorder: Pick<OrderRecorder, "read">,
	recorded: readonly MemberRun[],
	all: (runs: readonly MemberRun[]) => boolean,
): Promise<MemberRun[]> {
	const runs = [...recorded];
	let looked = false;
	await untilQuiet(async () => {
		if (looked) for (const run of await recorder.read()) runs.push(run);
		looked = true;
		return { arrived: runs.length, all: all(runs) };
	});
	return runs;
}
