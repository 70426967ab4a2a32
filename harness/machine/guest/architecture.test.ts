// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { architectures, toolFor } from "./architecture.js";

describe("the tools for an architecture", () => {
	it("are the host's own where host and guest are alike", () => {
		expect(toolFor("x86_64", "gcc", "x86_64")).toBe("gcc");
		expect(toolFor("aarch64", "ar", "aarch64")).toBe("ar");
	});

	it("are the cross tools elsewhere", () => {
		expect(toolFor("s390x", "gcc", "x86_64")).toBe("s390x-linux-gnu-gcc");
		expect(toolFor("x86_64", "ar", "aarch64")).toBe("x86_64-linux-gnu-ar");
	});

	it("are refused for an architecture nobody has heard of", () => {
		expect(architectures).toContain("x86_64");
		expect(() => toolFor("pdp11", "gcc", "x86_64")).toThrow("pdp11: no agent can be built for it");
	});
});
