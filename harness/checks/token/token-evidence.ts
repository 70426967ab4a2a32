// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import type { Reason } from "../../base/results.js";
import type { Finding } from "../../lab/check.js";
import { tail } from "../../lab/subject/attach/log-tail.js";
import { type Delegation, settingsOf } from "./model/delegation.js";
import { type Refused, refusedText } from "./package-use.js";

/** What a case of this check came to, without its name. */
export type Outcome = Omit<Finding, "case">;

export function passed(evidence: Record<string, unknown> = {}): Outcome {
	return { outcome: "pass", evidence };
}

export function failed(reason: Reason, evidence: Record<string, unknown>): Outcome {
	return { outcome: "fail", reason, evidence };
}

export function skipped(reason: Reason, evidence: Record<string, unknown>): Outcome {
	return { outcome: "skip", reason, evidence };
}

/** What was refused, for evidence. */
export function refusalEvidence(refused: Refused): Record<string, unknown> {
	const { errno, verifierLog, libbpfLog } = refused;
	return {
		refused: refusedText(refused),
		errno: errnoName(errno),
		...(verifierLog ? { verifier_log: tail(verifierLog) } : {}),
		...(libbpfLog ? { libbpf_log: tail(libbpfLog) } : {}),
	};
}

/** A delegation, for evidence. */
export function delegationEvidence(delegation: Delegation): Record<string, unknown> {
	return { token: settingsOf(delegation) };
}
