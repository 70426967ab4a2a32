// SPDX-License-Identifier: Apache-2.0
import type { Contract } from "../harness/data/signing/contract.js";
import type { LintCode } from "../harness/data/signing/lint/lint.js";

/**
 * An example package with signatures by a bpftool: its object and signatures are committed, as the
 * key was deleted.
 */
export interface SignedExample {
	package: string;
	/**
	 * The Debian suite whose bpftool signed it; absent when it was a bpftool that Debian no longer
	 * has.
	 */
	suite?: string;
	contract: Contract;
	/** What the lint finds in its loader. */
	lint: LintCode[];
}

export const signedObject = "udp-quota.bpf.o";

export const signedExamples: readonly SignedExample[] = [
	{ package: "signed-bpftool", suite: "experimental", contract: "insns-maps", lint: [] },
	{ package: "signed-previous-contract", suite: "sid", contract: "insns-excl", lint: [] },
	{
		package: "bad-signed-loader",
		contract: "insns",
		lint: ["metadata-not-exclusive", "host-sizes-maps", "host-initial-values"],
	},
];

/** Example packages signed by bpfgate, with that object. */
export const ownSigned = {
	good: "signed-filter",
	tampered: "bad-signed-tampered",
	expired: "bad-signed-expired",
} as const;
