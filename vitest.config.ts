// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vitest/config";

/** `unit` needs nothing but Node; `vm` boots kernels and needs what `ci/setup` installs. */
export default defineConfig({
	test: {
		coverage: {
			provider: "v8",
			include: ["harness/**/*.ts"],
			exclude: ["**/*.test.ts", "harness/bench/**"],
			reporter: ["text", "json-summary"],
		},
		projects: [
			{
				test: {
					name: "unit",
					include: ["harness/**/*.test.ts", "ci/**/*.test.ts", "programs/**/*.test.ts"],
					exclude: ["**/*.vm.test.ts"],
				},
			},
			{
				test: {
					name: "vm",
					include: ["harness/**/*.vm.test.ts", "programs/**/*.vm.test.ts"],
					testTimeout: 120_000,
					hookTimeout: 120_000,
					maxWorkers: 2,
					sequence: { groupOrder: 1 },
				},
			},
		],
	},
});
