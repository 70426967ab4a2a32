// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { architectures, toolFor } from "./architecture.js";

describe("the tools for an architecture", () => {
	it("are the host's own if the guest has the same architecture", () => {
		expect(toolFor("x86_64", "gcc", "x86_64")).toBe("gcc");
		expect(toolFor("aarch64", "ar", "aarch64")).toBe("ar");
	});

	it("are cross tools otherwise", () => {
		expect(toolFor("s390x", "gcc", "x86_64")).toBe("s390x-linux-gnu-gcc");
		expect(toolFor("x86_64", "ar", "aarch64")).toBe("x86_64-linux-gnu-ar");
	});

	it("are refused for an unknown architecture", () => {
		expect(architectures).toContain("x86_64");
		expect(() => toolFor("pdp11", "gcc", "x86_64")).toThrow("pdp11: the agent cannot be built for it");
	});
});
