// SPDX-License-Identifier: Apache-2.0
import { checks } from "../checks/checks.js";
import { openPackage } from "../data/package/package.js";
import { outputs } from "../report/outputs.js";
import { testPackages } from "../run/test-packages.js";
import type { Engine } from "./commands/test.js";
import { chooseKernels } from "./terminal/choose-kernels.js";

/** The real thing behind `bpfgate test`. */
export const engine: Engine = {
	checks,
	outputs,
	openPackage,
	kernels: chooseKernels,
	run: testPackages,
};
