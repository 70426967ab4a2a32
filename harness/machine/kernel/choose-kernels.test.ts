// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { chooseKernels } from "./choose-kernels.js";

describe("chooseKernels, with nothing in the store", () => {
	const cache = mkdtempSync(join(tmpdir(), "bpfgate-cache-"));
	beforeAll(() => void vi.stubEnv("BPFGATE_CACHE", cache));
	afterAll(() => {
		vi.unstubAllEnvs();
		rmSync(cache, { recursive: true });
	});

	it("names every kernel that has to be pulled, each once", async () => {
		await expect(chooseKernels(["6.1", "5.10", "6.1"])).rejects.toMatchObject({
			code: "kernel-not-pulled",
			message: "kernels 6.1, 5.10 are not in the store",
			hint: "get them with: bpfgate kernels pull 6.1 5.10",
		});
		await expect(chooseKernels(["default"])).rejects.toThrow(
			"kernels 5.10, 6.1, 6.12, 6.18, 7.2, 7.3 are not in the store",
		);
	});

	it("puts an unknown kernel before one that is only not here", async () => {
		await expect(chooseKernels(["6.1", "4.4"])).rejects.toMatchObject({ name: "InputError" });
	});
});
