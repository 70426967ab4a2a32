// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { broken } from "../lab/promise.js";
import { openKernel } from "../machine/kernel/store.js";
import { type Asking, qualifyKernels } from "./qualify-kernels.js";

const { signal } = new AbortController();

it("asks two kernels side by side, and keeps the answers", async () => {
	const kernels = [await openKernel("6.12"), await openKernel("7.3")];
	const options = { areas: ["tokens"] as const, jobs: 2, signal };
	const told: Asking[] = [];
	const first = await qualifyKernels(kernels, { ...options, onAsk: (asking) => told.push(asking) });
	// Unless the answers of these images were kept before.
	for (const id of new Set(told.map(({ kernel }) => kernel))) {
		const own = told.filter(({ kernel }) => kernel === id);
		expect(own.map(({ answered }) => answered)).toEqual([...own.keys()]);
		expect(own.at(-1)?.answered).toBe(own[0]?.of);
	}
	expect(first.map(({ kernel, area }) => `${kernel} ${area}`)).toEqual(["6.12 tokens", "7.3 tokens"]);
	for (const { promises = [], error } of first) {
		expect(error).toBeUndefined();
		expect(promises.filter(({ kept }) => kept).length).toBeGreaterThan(10);
		expect(broken(promises)).toEqual([]);
	}
	const asked: string[] = [];
	const again = await qualifyKernels(kernels, { ...options, onAsk: ({ kernel }) => asked.push(kernel) });
	expect(asked).toEqual([]);
	expect(again).toEqual(first);
});

it("stops when it is interrupted", async () => {
	const controller = new AbortController();
	controller.abort();
	const options = { areas: ["tokens"] as const, jobs: 1, signal: controller.signal };
	// Answers that are kept need no guest; those of a question that was never asked do.
	const unknown = { ...(await openKernel("6.12")), image_sha256: "0".repeat(64) };
	await expect(qualifyKernels([unknown], options)).rejects.toThrow();
});
