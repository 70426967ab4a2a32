// SPDX-License-Identifier: Apache-2.0
import type { Check } from "../lab/check.js";
import { chainCheck } from "./chain/chain.js";
import { loadCheck } from "./load/load-check.js";
import { signatureCheck } from "./signature/signature.js";
import { takeoverCheck } from "./takeover/takeover.js";
import { tokenCheck } from "./token/token-check.js";
import { vectorsCheck } from "./vectors/vectors-check.js";

/** Every check of this version, in the order in which they run. */
export const checks: readonly Check[] = [
	loadCheck,
	vectorsCheck,
	signatureCheck,
	chainCheck,
	tokenCheck,
	takeoverCheck,
];
