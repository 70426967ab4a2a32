// SPDX-License-Identifier: Apache-2.0
import type { SignatureCase } from "./cases/case.js";
import { contractCases } from "./cases/contract.js";
import { hostCases } from "./cases/host.js";
import { messageCases } from "./cases/message.js";
import { metadataCases } from "./cases/metadata.js";
import { trustCases } from "./cases/trust.js";

/** All that is tried with the signed loader of each object. */
export const attacks: readonly SignatureCase[] = [
	...messageCases,
	...trustCases,
	...metadataCases,
	...contractCases,
	...hostCases,
];
