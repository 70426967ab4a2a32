// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import type { MemberRun, OrderRecorder } from "./order-recorder.js";

/**
 * How long nothing new comes until all is taken to have arrived, and how often is looked. Each look
 * lets the guest run.
 */
const quietMs = 60;
const lookMs = 10;

/**
 * Waits for packets that were sent and are still on their way: a busy kernel leaves a device's
 * queue to ksoftirqd.
 *
 * @param look how much has arrived up to now, and whether that is all; what meets nobody never
 * comes, and is waited for in vain
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
 * Runs of members that packets have met, those included that come late.
 *
 * @param recorded up to now
 * @param all whether every packet is there
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
