// SPDX-License-Identifier: Apache-2.0
import { type ByContract, installs, installsUnsafely, refused } from "../../checks/signature/expectation.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { type Contract, contracts } from "../../data/signing/contract.js";

const unverified = "the loader does not verify that its metadata map is exclusive to it";

/** By the contract that a loader is made for: what kernels of each contract do with it. */
const expected: Record<Contract, ByContract> = {
	insns: {
		insns: [installs],
		"insns-excl": [installsUnsafely(unverified)],
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

/** Loaders made for each contract, the kernel's own among them. */
export const contractCases: readonly SignatureCase[] = contracts.map((contract) => ({
	name: `contract-${contract}`,
	promise: `a loader for contract ${contract} is accepted only where that contract holds`,
	expected: expected[contract],
	run: (session) => {
		// Loaded as its own kernel would, but counted only where maps are signed.
		const counted = session.contract === "insns-maps" ? 1 : 0;
		return session.installBy(session.loaders[contract], contract === "insns-maps" ? { counted } : {});
	},
}));
