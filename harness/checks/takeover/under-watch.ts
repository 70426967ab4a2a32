// SPDX-License-Identifier: Apache-2.0
import type { Guest } from "../../machine/vm/guest.js";
import type { Tried } from "./attempt.js";
import { type Alarm, Detector, type DetectorCommand } from "./detector.js";
import { shipWatcher } from "./detectors.js";
import type { Arranged } from "./trials.js";

/** By the guest's clock: three rounds of a watcher that looks each second. */
export const patienceSeconds = 3;

/** A takeover, and what a detector said. */
export interface Watched {
	tried: Tried;
	/** An alarm before anything happened. */
	early: Alarm | undefined;
	/** Those after a takeover that took effect, or where nothing was taken. */
	alarms: readonly Alarm[];
	/** From before the takeover to the first alarm, by the guest's clock; absent without a time. */
	latencyMs?: number;
}

/** Takes what is arranged while the detector watches. @throws DetectorFailed */
export async function underWatch(
	guest: Guest,
	command: DetectorCommand,
	{ netns, quiet, attempt }: Pick<Arranged, "netns" | "quiet" | "attempt">,
): Promise<Watched> {
	const { client } = guest;
	await shipWatcher(guest, command);
	const detector = await Detector.start(client, command, netns);
	await quiet();
	const [early] = await detector.alarms();
	const { monotonic_ns: began } = await client.call("clock_read", {});
	const tried = await attempt();
	const waits = tried.result === "took" || tried.result === "nothing";
	const alarms = waits ? await detector.wait(began + patienceSeconds * 1e9) : [];
	const [first] = alarms;
	const latency = first?.timeNs === undefined ? {} : { latencyMs: (first.timeNs - began) / 1e6 };
	return { tried, early, alarms, ...latency };
}
