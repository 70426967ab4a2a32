// SPDX-License-Identifier: Apache-2.0
import type { Rule } from "../rule.js";
import { argumentRules } from "./arguments.js";
import { boundsRules } from "./bounds.js";
import { callRules } from "./calls.js";
import { flowRules } from "./flow.js";
import { pointerRules } from "./pointers.js";
import { unresolvedRules } from "./unresolved.js";

/** What the verifier says, from the most telling message to the least. Wordings of 5.10 to 7.3. */
export const verifierRules: readonly Rule[] = [
	...unresolvedRules,
	...callRules,
	...flowRules,
	...boundsRules,
	...pointerRules,
	...argumentRules,
];
