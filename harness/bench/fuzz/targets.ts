// SPDX-License-Identifier: Apache-2.0
import { machineTargets } from "./machine-targets.js";
import { packageTargets } from "./package-targets.js";
import { reasonTargets } from "./reason-targets.js";
import { signingTargets } from "./signing-targets.js";
import type { FuzzTarget } from "./target.js";

/** Every parser of the host. */
export const targets: readonly FuzzTarget[] = [
	...packageTargets,
	...signingTargets,
	...machineTargets,
	...reasonTargets,
];
