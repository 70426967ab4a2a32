// SPDX-License-Identifier: Apache-2.0
import { openPackage } from "../package/package.js";
import { testPackages } from "../plan/test-packages.js";
import { chooseKernels } from "./choose-kernels.js";
import type { Engine } from "./test.js";

/** The real thing behind `bpfgate test`. */
export const engine: Engine = { checks: ["load"], openPackage, kernels: chooseKernels, run: testPackages };
