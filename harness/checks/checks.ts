// SPDX-License-Identifier: Apache-2.0
import type { CheckName } from "../results/results.js";
import type { Check } from "./check.js";
import { loadCheck } from "./load/load.js";
import { signatureCheck } from "./signature/signature.js";
import { vectorsCheck } from "./vectors/vectors.js";

/** Every check that this version has, by name; the order is that in which they are run. */
export const checks: ReadonlyMap<CheckName, Check> = new Map(
	[loadCheck, vectorsCheck, signatureCheck].map((check) => [check.name, check]),
);
