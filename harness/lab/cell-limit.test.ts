// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { UndecidedError } from "../base/errors.js";
import { ManualClock } from "../machine/guest/testclock.js";
import { CellLimit } from "./cell-limit.js";
import { PackageBudget } from "./package-budget.js";

const hung = new UndecidedError("guest-hung", "guest 6.12 hung in test_run: no answer", "run it again");
const never = () => new Promise<never>(() => {});

function limited(ms = 10_000) {
	const clock = new ManualClock();
	return { clock, limit: new CellLimit("6.12", ms, clock) };
}

describe("the limit of a cell", () => {
	it("ends it, and says what was going on", () => {
		const { clock, limit } = limited();
		const told: string[] = [];
		limit.onOver(({ code }) => told.push(code));
		limit.operation = () => "object_load";
		limit.nextCase = () => "load/program/filter";
		clock.advance(9_999);
		expect(limit.over).toBeUndefined();
		clock.advance(1);
		expect(limit.over?.message).toBe(
			"the work reached its limit of 10 s on kernel 6.12, in operation object_load, before a result for load/program/filter",
		);
		expect(told).toEqual(["cell-timeout"]);
	});

	it("does not count time in which the cell waits for others", async () => {
		const { clock, limit } = limited();
		clock.advance(6_000);
		await limit.outside(() => limit.outside(async () => clock.advance(60_000)));
		expect(limit.over).toBeUndefined();
		clock.advance(3_999);
		expect(limit.over).toBeUndefined();
		clock.advance(1);
		expect(limit.over?.code).toBe("cell-timeout");
	});

	it("shares the time of the package with other cells", () => {
		const clock = new ManualClock();
		const budget = new PackageBudget(15_000);
		const first = new CellLimit("6.1", 10_000, clock, budget);
		clock.advance(8_000);
		first.close();
		const second = new CellLimit("6.12", 10_000, clock, budget);
		second.operation = () => "test_run";
		clock.advance(6_999);
		expect(second.over).toBeUndefined();
		clock.advance(1);
		expect(second.over?.message).toBe(
			"the work on all kernels reached the limit of 15 s for this package, on kernel 6.12 in operation test_run",
		);
		// Nothing is begun on further kernels.
		expect(new CellLimit("7.3", 10_000, clock, budget).over?.code).toBe("package-timeout");
	});

	it("ends a cell with the third guest that hangs", () => {
		const { limit } = limited();
		limit.hung(hung);
		limit.hung(hung);
		expect(limit.over).toBeUndefined();
		limit.hung(hung);
		expect(limit.over?.message).toBe(
			`3 guests hung with this package on kernel 6.12, the last one so: ${hung.message}`,
		);
	});

	it("gives up a check that goes on after the limit", async () => {
		const { clock, limit } = limited();
		async function* endless() {
			yield 1;
			await never();
		}
		const items = limit.within(endless())[Symbol.asyncIterator]();
		expect(await items.next()).toMatchObject({ value: 1 });
		const next = items.next();
		clock.advance(10_000);
		clock.advance(30_000);
		await expect(next).rejects.toMatchObject({ code: "cell-timeout" });
	});

	it("leaves a check alone that ends, and lets one clean up that is no longer wanted", async () => {
		const { clock, limit } = limited();
		let cleaned = 0;
		async function* items() {
			try {
				yield 1;
				yield 2;
			} finally {
				cleaned++;
			}
		}
		const found: number[] = [];
		for await (const item of limit.within(items())) found.push(item);
		for await (const item of limit.within(items())) if (item === 1) break;
		expect([found, cleaned]).toEqual([[1, 2], 2]);
		limit.close();
		clock.advance(1_000_000);
		expect(limit.over).toBeUndefined();
	});
});
