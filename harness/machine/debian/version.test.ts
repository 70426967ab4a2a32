// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { compareVersions } from "./version.js";

it.each([
	["6.12.9-1", "6.12.10-1"],
	["7.3~rc7-1~exp1", "7.3-1"],
	["7.3~rc7-1", "7.3.4-1~bpo13+1"],
	["6.1.192-1", "6.1.192-2"],
	["6.12.117-1~deb12u1", "6.12.117-1"],
	["6.12.115-1", "6.12.115-1+b1"],
	["9.0-1", "1:1.0-1"],
	["1.0", "1.0a"],
	["1.0a", "1.0+"],
	["1.0~~", "1.0~"],
])("%s is older than %s", (older, newer) => {
	expect(compareVersions(older, newer)).toBeLessThan(0);
	expect(compareVersions(newer, older)).toBeGreaterThan(0);
	expect(compareVersions(older, older)).toBe(0);
});

it("treats a missing part as 0", () => {
	expect(compareVersions("1.0-0", "1.0")).toBe(0);
	expect(compareVersions("1.00", "1.0")).toBe(0);
});
