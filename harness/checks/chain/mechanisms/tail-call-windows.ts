// SPDX-License-Identifier: Apache-2.0
import { mechanismFacts } from "../../../data/package/sections/chain-hooks.js";
import { sameEntry } from "../chain-entry.js";
import type { PacketTrace, TracedEntry, Traffic } from "../packet-trace.js";

const { maxMembers: mostCalls } = mechanismFacts.tail_call;

/** The most members that can be recorded and run: each recording slot takes a tail call. */
export const mostRecorded = Math.floor(mostCalls / 2);

/** Positions of a chain, from `from` to before `to`. */
export interface Window {
	from: number;
	to: number;
}

/**
 * Windows that can be recorded at a time; each begins with the last member of the one before.
 * @param count of members, 33 at most
 */
export function windowsOf(count: number): Window[] {
	const windows: Window[] = [];
	// The last of a window is called as number `from` + 2 * width - 1.
	const widthAt = (from: number) => Math.floor((mostCalls + 1 - from) / 2);
	for (let from = 0, to = 0; to < count; from = widthAt(to - 1) > 1 ? to - 1 : to) {
		to = Math.min(from + widthAt(from), count);
		windows.push({ from, to });
	}
	return windows;
}

/** A chain with one window recorded at a time. */
export interface Recordable {
	readonly length: number;
	/** Records the members in the window, and no others. */
	record(window: Window): Promise<void>;
}

/** What packets meet in a long chain: sent once for each window, and once without recording. */
export async function sampleInWindows(
	traffic: Pick<Traffic, "sample">,
	chain: Recordable,
): Promise<PacketTrace[]> {
	const { length } = chain;
	if (length <= mostRecorded) return traffic.sample();
	await chain.record({ from: 0, to: 0 });
	const whole = await traffic.sample();
	const met = whole.map((): TracedEntry[] => []);
	for (const window of windowsOf(length)) {
		await chain.record(window);
		for (const [number, trace] of (await traffic.sample()).entries()) join(met[number]!, trace.met);
	}
	await chain.record({ from: 0, to: length });
	return whole.map((trace, number) => ({ ...trace, met: met[number]! }));
}

/** The last of a window and the first of the next may be the same. */
function join(met: TracedEntry[], more: readonly TracedEntry[]): void {
	const [last, first] = [met.at(-1), more[0]];
	const again = last && first && sameEntry(last.entry, first.entry);
	met.push(...more.slice(again ? 1 : 0));
}
