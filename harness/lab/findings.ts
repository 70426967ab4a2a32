// SPDX-License-Identifier: Apache-2.0
import type { Reason } from "../base/results.js";
import { reasonSaying } from "../data/reasons/registry/registry.js";
import type { Lack } from "../machine/features/missing.js";
import type { FindingBody } from "./check.js";

/** The kernel did what the package needs. */
export function passed(evidence: Record<string, unknown> = {}): FindingBody {
	return { outcome: "pass", evidence };
}

/** The kernel did not do what the package needs. */
export function failed(reason: Reason, evidence: Record<string, unknown> = {}): FindingBody {
	return { outcome: "fail", reason, evidence };
}

/** The kernel lacks what the case needs. */
export function skipped(reason: Reason, evidence: Record<string, unknown> = {}): FindingBody {
	return { outcome: "skip", reason, evidence };
}

/** bpfgate could not find out. */
export function undecided(reason: Reason, evidence: Record<string, unknown> = {}): FindingBody {
	return { outcome: "error", reason, evidence };
}

const lackCodes = {
	unsupported: "feature-unsupported",
	disabled: "feature-disabled",
	"module-absent": "feature-module-absent",
} as const;

/** Why a case is skipped on a kernel without a feature. @param subject `no loader can run: ` */
export const lackReason = ({ state, message, hint }: Lack, subject = ""): Reason =>
	reasonSaying(lackCodes[state], `${subject}${message}`, hint);
