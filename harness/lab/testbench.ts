// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../data/package/package.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Guest } from "../machine/vm/guest.js";
import type { CheckContext, Workbench } from "./check.js";

/** For tests: a bench with one guest, in which whatever goes wrong is thrown. */
export function benchOf(
	kernel: Kernel,
	guest: () => Promise<Guest>,
	more: Partial<Workbench> = {},
): Workbench {
	return {
		kernel,
		guest,
		lack: async () => undefined,
		promises: async () => [],
		leftovers: async () => [],
		spoil: async () => {
			throw new Error("this bench has one guest");
		},
		lost: async (cause) => {
			throw cause;
		},
		...more,
	};
}

/** For tests: what a check knows of a run of these packages. */
export function contextOf(packages: readonly Package[], more: Partial<CheckContext> = {}): CheckContext {
	return { packages, chains: [], kernels: [], coverage: false, ...more };
}
