// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "./testclock.js";
import { Watchdog } from "./watchdog.js";

let clock: ManualClock;
let hung: string[];
let watchdog: Watchdog;

beforeEach(() => {
	clock = new ManualClock();
	hung = [];
	watchdog = new Watchdog(clock, 10_000, (why) => hung.push(why));
});

/** Advances by `seconds` and calls `sign` each second. */
function pass(seconds: number, sign: () => void = () => {}): void {
	for (let second = 0; second < seconds; second++) {
		clock.advance(1000);
		sign();
	}
}

describe("watchdog", () => {
	it("reports silence once, with its duration", () => {
		watchdog.start();
		pass(10);
		expect(hung).toEqual([]);
		pass(20);
		expect(hung).toEqual(["no answer, progress or console output for 10 s"]);
	});

	it("accepts progress, up to twenty times its patience", () => {
		watchdog.start();
		pass(199, () => watchdog.progress());
		expect(hung).toEqual([]);
		pass(2, () => watchdog.progress());
		expect(hung).toEqual(["no answer within 200 s"]);
	});

	it("accepts console output, up to three times its patience", () => {
		watchdog.start();
		pass(29, () => watchdog.consoleSpoke());
		expect(hung).toEqual([]);
		pass(2, () => watchdog.consoleSpoke());
		expect(hung).toEqual(["no answer or progress for 30 s, though it printed to its console"]);
	});

	it("is inactive between requests", () => {
		watchdog.start();
		pass(5);
		watchdog.stop();
		pass(100);
		watchdog.start();
		pass(9);
		expect(hung).toEqual([]);
	});

	it("decides only after the received bytes were read", () => {
		watchdog.start();
		clock.advance(10_050);
		watchdog.progress();
		clock.advance(100);
		expect(hung).toEqual([]);
	});
});
