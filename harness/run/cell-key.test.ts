// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, it, vi } from "vitest";
import { kernel } from "./testguest.js";

let digest = "a";
vi.mock("../base/program-digest.js", () => ({ programDigest: async () => digest }));
const { machineKey } = await import("./cell-key.js");

afterEach(() => {
	digest = "a";
});

it("is another with another build of the same version: it may judge differently", async () => {
	const before = await machineKey(kernel("6.1"));
	expect(await machineKey(kernel("6.1"))).toBe(before);
	digest = "b";
	expect(await machineKey(kernel("6.1"))).not.toBe(before);
});
