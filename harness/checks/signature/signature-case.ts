// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../data/package/package.js";
import type { ByContract, Observed } from "./expectation.js";
import type { LoaderSession } from "./loader-session.js";
import type { EndingCode } from "./signature-finding.js";

/** One thing changed in how a signed program is loaded, and what kernels of each contract do. */
export interface SignatureCase {
	name: string;
	/** A sentence without a full stop: `changed instructions are refused`. */
	promise: string;
	expected: ByContract;
	run(session: LoaderSession): Promise<Observed>;
}

/** A case about the loader of an object. */
export interface LoaderAttack extends SignatureCase {
	/** Reason when the kernel does something else. */
	code: EndingCode;
	/** Objects that it can be tried with; default: all. */
	applies?(object: PackageObject): boolean;
}
