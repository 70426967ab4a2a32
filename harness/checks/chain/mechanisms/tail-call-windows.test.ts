// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { ChainEntry } from "../chain-entry.js";
import type { PacketTrace } from "../packet-trace.js";
import { mostRecorded, sampleInWindows, type Window, windowsOf } from "./tail-call-windows.js";

const mostCalls = 33;

describe("windows", () => {
	it("are few", () => {
		expect(windowsOf(17)).toEqual([{ from: 0, to: 17 }]);
		expect(windowsOf(20)).toEqual([
			{ from: 0, to: 17 },
			{ from: 16, to: 20 },
		]);
		expect(windowsOf(33)).toEqual([
			...[
				{ from: 0, to: 17 },
				{ from: 16, to: 25 },
			],
			...[
				{ from: 24, to: 29 },
				{ from: 28, to: 31 },
			],
			...[
				{ from: 30, to: 32 },
				{ from: 32, to: 33 },
			],
		]);
	});

	it.each(Array.from({ length: mostCalls }, (_, index) => index + 1))(
		"of %i are within reach and include every member",
		(count) => {
			const windows = windowsOf(count);
			const places = new Set(
				windows.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)),
			);
			expect([...places]).toEqual([...Array(count).keys()]);
			for (const { from, to } of windows) expect(from + 2 * (to - from) - 1).toBeLessThanOrEqual(mostCalls);
		},
	);
});

/**
 * A chain whose root and slots make tail calls, each of them one.
 *
 * @param order places in the order in which packets meet them
 */
function chainOf(order: readonly number[], end = order.length) {
	let window: Window = { from: 0, to: order.length };
	const recorded: Window[] = [];
	const entries = order.map((place) => ({ member: { label: `m${place}` }, program: "first" }) as ChainEntry);
	const chain = {
		length: order.length,
		async record(wanted: Window) {
			recorded.push(wanted);
			window = wanted;
		},
	};
	const sample = async (): Promise<PacketTrace[]> => {
		const met = [];
		let calls = 0;
		for (const [at, place] of order.entries()) {
			if (++calls > mostCalls || at >= end) break;
			if (place < window.from || place >= window.to) continue;
			met.push({ entry: entries[at]! });
			if (++calls > mostCalls) break;
		}
		return [{ what: "a packet", met, verdict: calls > mostCalls ? 0 : 2 }];
	};
	return { recorded, sampled: () => sampleInWindows({ sample }, chain) };
}

const labels = ([trace]: readonly PacketTrace[]) => trace!.met.map(({ entry }) => entry.member.label);
const all = (count: number) => [...Array(count).keys()];

describe("a chain that is recorded in windows", () => {
	it.each([1, mostRecorded, mostRecorded + 1, 25, mostCalls])("of %i is met as a whole", async (count) => {
		const { sampled, recorded } = chainOf(all(count));
		const traces = await sampled();
		expect(labels(traces)).toEqual(all(count).map((place) => `m${place}`));
		expect(traces[0]!.verdict).toBe(2);
		if (count <= mostRecorded) expect(recorded).toEqual([]);
		else expect(recorded.at(-1)).toEqual({ from: 0, to: count });
	});

	it("ends where it ends", async () => {
		expect(labels(await chainOf(all(33), 20).sampled())).toEqual(all(20).map((place) => `m${place}`));
		expect(labels(await chainOf(all(33), 5).sampled())).toEqual(all(5).map((place) => `m${place}`));
	});

	it("shows who is met out of turn", async () => {
		const turned = all(33).with(18, 19).with(19, 18);
		expect(labels(await chainOf(turned).sampled()).slice(17, 21)).toEqual(["m17", "m19", "m18", "m20"]);
		const between = all(33).with(16, 17).with(17, 16);
		expect(labels(await chainOf(between).sampled())).not.toEqual(all(33).map((place) => `m${place}`));
	});
});
