// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vitest/config";

/** Milliseconds. Only what hangs is to meet them, however slow or busy the machine: they prove nothing. */
const patient = {
	testTimeout: 300_000,
	hookTimeout: 300_000,
	expect: { poll: { timeout: 60_000 } },
};

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
					...patient,
				},
			},
			{
				test: {
					name: "vm",
					include: ["harness/**/*.vm.test.ts", "programs/**/*.vm.test.ts"],
					...patient,
					maxWorkers: 2,
					sequence: { groupOrder: 1 },
				},
			},
		],
	},
});
