// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { FindingBody } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import {
	type Expectation,
	expectedInWords,
	inWords,
	isDone,
	met,
	type Observed,
	seenInWords,
} from "./expectation.js";
import type { KernelContract } from "./kernel-contract.js";

/** Evidence of every case in which a kernel is given a signed loader. */
export interface Setting {
	kernel: KernelContract;
	/** Subject of the certificate, or `ephemeral key`. */
	signedBy?: string;
	object: string;
}

export function settingEvidence({ kernel, signedBy, object }: Setting): Record<string, unknown> {
	return {
		object,
		contract: kernel.contract,
		...(signedBy === undefined ? {} : { signed_by: signedBy }),
	};
}

/** What was observed, as evidence. */
export function observedEvidence({ step, errno, log, seen }: Observed): Record<string, unknown> {
	return {
		step,
		errno,
		...(errno === 0 ? {} : { errno_name: errnoName(errno) }),
		...(log === undefined ? {} : { log }),
		...seen,
	};
}

export type EndingCode =
	| "signature-unexpected"
	| "signature-not-enforced"
	| "signature-refused"
	| "certificate-refused"
	| "host-override"
	| "loader-differs";

/** A pass when the kernel did as its contract promises; a weak promise has `safe: false`. */
export function judged(
	setting: Setting,
	expected: readonly Expectation[],
	observed: Observed,
	code: EndingCode = "signature-unexpected",
): FindingBody {
	const evidence = { ...settingEvidence(setting), ...observedEvidence(observed) };
	const expectation = met(expected, observed);
	if (expectation) {
		const { weakness } = expectation;
		return passed({
			...evidence,
			safe: weakness === undefined,
			...(weakness === undefined ? {} : { weakness }),
		});
	}
	const facts = {
		what: `${setting.object}, contract ${setting.kernel.contract}`,
		expected: expectedInWords(expected),
		found: seenInWords(observed),
	};
	return failed(reason(code, facts), {
		...evidence,
		safe: !isDone(observed.step),
		expected: expected.map(inWords),
	});
}

/** For a case that needs a kernel which verifies signatures. */
export function unsupported(setting: Setting): FindingBody {
	const message = `the kernel verifies no signatures of programs: ${setting.kernel.shown}`;
	const hint = "use 6.18 or later, built with CONFIG_SYSTEM_DATA_VERIFICATION";
	return skipped(reasonSaying("feature-unsupported", message, hint), settingEvidence(setting));
}
