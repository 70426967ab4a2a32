// SPDX-License-Identifier: Apache-2.0
import { checks } from "../checks/checks.js";
import { openPackage } from "../data/package/package.js";
import { testPackages } from "../run/test-packages.js";
import { chooseKernels } from "./commands/choose-kernels.js";
import type { Engine } from "./commands/test.js";

/** The real thing behind `bpfgate test`. */
export const engine: Engine = {
	checks,
	openPackage,
	kernels: chooseKernels,
	run: testPackages,
};
