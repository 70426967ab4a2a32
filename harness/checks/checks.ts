// SPDX-License-Identifier: Apache-2.0
import type { CheckName } from "../base/results.js";
import type { Check } from "../lab/check.js";
import { chainCheck } from "./chain/chain.js";
import { loadCheck } from "./load/load.js";
import { signatureCheck } from "./signature/signature.js";
import { tokenCheck } from "./token/token.js";
import { vectorsCheck } from "./vectors/vectors.js";

/**
 * Of chains whose members are of one package: what belongs to several is for whoever knows them
 * all.
 */
const ownChains = chainCheck({ packages: [], chains: [] });

/** Every check that this version has, by name; the order is that in which they are run. */
export const checks: ReadonlyMap<CheckName, Check> = new Map(
	[loadCheck, vectorsCheck, signatureCheck, ownChains, tokenCheck].map((check) => [check.name, check]),
);
