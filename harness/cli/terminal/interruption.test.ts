// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from "vitest";
import { Interruption } from "./interruption.js";

describe("Interruption", () => {
	const exits: number[] = [];
	let interruption: Interruption | undefined;
	afterEach(() => {
		interruption?.dispose();
		exits.length = 0;
	});

	it("asks first and ends with 130 at the second signal", () => {
		interruption = new Interruption((status) => exits.push(status));
		const { signal } = interruption;
		process.emit("SIGINT");
		expect(signal.aborted).toBe(true);
		expect(exits).toEqual([]);
		process.emit("SIGTERM");
		expect(exits).toEqual([130]);
	});

	it("ends a command that has nothing to wind down with the first", () => {
		interruption = new Interruption((status) => exits.push(status));
		process.emit("SIGTERM");
		expect(exits).toEqual([130]);
	});

	it("leaves no handler behind", () => {
		const before = process.listenerCount("SIGINT");
		new Interruption(() => {}).dispose();
		expect(process.listenerCount("SIGINT")).toBe(before);
	});
});
