// SPDX-License-Identifier: Apache-2.0
import { checks } from "../checks/checks.js";
import { openPackage } from "../data/package/package.js";
import { chooseKernels } from "../machine/kernel/choose-kernels.js";
import { outputs } from "../report/outputs.js";
import { testPackages } from "../run/test-packages.js";
import type { Engine } from "./commands/test.js";

/** The real thing behind `bpfgate test`. */
export const engine: Engine = {
	checks,
	outputs,
	openPackage,
	kernels: chooseKernels,
	run: testPackages,
};
