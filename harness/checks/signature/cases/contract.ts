// SPDX-License-Identifier: Apache-2.0
import { type Contract, contracts } from "../../../data/signing/contract.js";
import { installs, letIn, type Promises, refused } from "../promise.js";
import type { SignatureCase } from "./case.js";

const checksNothing = "the loader does not ask whether the map that it works on is its own";

/** By the contract that the loader is made and signed for, what kernels of each do. */
const promises: Record<Contract, Promises> = {
	insns: {
		insns: [installs],
		"insns-excl": [letIn(checksNothing)],
		"insns-maps": [refused("load", "EACCES")],
	},
	"insns-excl": {
		insns: [refused("run", "EINVAL"), refused("load", "EACCES", "EINVAL")],
		"insns-excl": [installs],
		"insns-maps": [refused("load", "EACCES")],
	},
	"insns-maps": {
		insns: [refused("load", "EKEYREJECTED")],
		"insns-excl": [refused("load", "EKEYREJECTED")],
		"insns-maps": [installs],
	},
};

/** Loaders made for each contract, that of the kernel among them. */
export const contractCases: SignatureCase[] = contracts.map((contract) => ({
	name: `contract-${contract}`,
	promises: promises[contract],
	// As the kernel that the loader was made for would be asked to take it, so uncounted where maps
	// are not signed.
	run: (scene) =>
		scene.installBy(
			scene.loaders[contract],
			contract === "insns-maps" ? { counted: scene.contract === "insns-maps" ? 1 : 0 } : {},
		),
}));
