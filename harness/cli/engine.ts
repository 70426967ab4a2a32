// SPDX-License-Identifier: Apache-2.0
import { checks } from "../checks/checks.js";
import { openPackage } from "../package/package.js";
import { testPackages } from "../plan/test-packages.js";
import { chooseKernels } from "./choose-kernels.js";
import type { Engine } from "./test.js";

/** The real thing behind `bpfgate test`. */
export const engine: Engine = {
	checks: [...checks.keys()],
	openPackage,
	kernels: chooseKernels,
	run: testPackages,
};
