// SPDX-License-Identifier: Apache-2.0
import type { Contract } from "../../data/signing/contract.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { Keyrings } from "./keyrings.js";
import type { Promises } from "./promise.js";
import type { Observed } from "./scene.js";

/**
 * What a kernel promises of signatures whatever the package, which therefore is tried once for each
 * kernel.
 */
export interface KernelCase {
	name: string;
	promises: Promises;
	run(keyrings: Keyrings, guest: Guest, contract: Contract): Promise<Observed>;
}
