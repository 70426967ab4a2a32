// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, it } from "vitest";
import { interruptible } from "./interruptible.js";

const handler = () => {};
afterEach(() => void process.off("SIGTERM", handler));

it("leaves signals to the system while it works, and handlers as they were", () => {
	process.on("SIGTERM", handler);
	const before = process.listeners("SIGTERM");
	expect(interruptible(() => interruptible(() => process.listenerCount("SIGTERM")))).toBe(0);
	expect(process.listeners("SIGTERM")).toEqual(before);
	expect(() =>
		interruptible(() => {
			throw new Error("no");
		}),
	).toThrow("no");
	expect(process.listeners("SIGTERM")).toEqual(before);
});
