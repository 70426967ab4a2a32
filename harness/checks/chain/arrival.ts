// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from "node:timers/promises";
import type { MemberRun, OrderRecorder } from "./order-recorder.js";

/** After `quietMs` without anything new everything has arrived; the guest runs meanwhile. */
const quietMs = 60;
const lookMs = 10;

/** Waits for late packets (ksoftirqd). @param look how much has arrived, and whether that is all */
export async function untilQuiet(look: () => Promise<{ arrived: number; all: boolean }>): Promise<void> {
	let seen = await look();
	for (let quiet = 0; quiet < quietMs && !seen.all; ) {
		await sleep(lookMs);
		const now = await look();
		quiet = now.arrived === seen.arrived ? quiet + lookMs : 0;
		seen = now;
	}
}

/** Runs of members that packets met, late ones too. @throws UndecidedError `recorder-overrun` */
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
