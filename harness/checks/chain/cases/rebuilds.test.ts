// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { attachingOrders } from "./rebuilds.js";

it("tries every order of up to five members, as many different ones of more, and fewer of many", () => {
	const distinct = (orders: number[][]) => new Set(orders.map((order) => order.join())).size;
	for (const [count, orders] of [
		[1, 1],
		[2, 2],
		[3, 6],
		[5, 120],
		[6, 120],
		[10, 120],
		[33, 36],
		[64, 20],
	] as const) {
		const tried = attachingOrders(count);
		expect(tried).toHaveLength(orders);
		expect(distinct(tried)).toBe(orders);
		for (const order of tried)
			expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
	}
	expect(attachingOrders(9)).toEqual(attachingOrders(9));
});
