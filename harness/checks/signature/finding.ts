// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import type { Reason } from "../../base/results.js";
import type { Finding } from "../../lab/check.js";
import type { KernelContract } from "./kernel-contract.js";
import { kept, type Promised, told, toldOf } from "./promise.js";
import type { Observed } from "./scene.js";

const hints: Record<string, string> = {
	"signature-not-enforced":
		"on this kernel the signature does not stop what it should; look whether its build departs from the mainline's, and do not count on signatures there",
	"signature-refused":
		"sign the package anew with `bpfgate sign`, and see what the evidence says of the kernel's refusal",
	"certificate-refused":
		"sign the package anew with a key that kernels take: RSA of 2048, 3072 or 4096 bits, or ECDSA on P-256, P-384 or P-521",
	"host-override":
		"make the loader with `bpfgate sign`, whose loaders take nothing from the machine that runs them",
	"signature-unexpected":
		"docs/signatures.md says what each contract promises; report it when the kernel is a released one",
};

/** What is in the evidence of every case in which a kernel was shown a signed loader. */
export interface Setting {
	kernel: KernelContract;
	/** `throwaway`, or who signed the package. */
	signedBy?: string;
	object?: string;
}

export function settingEvidence({ kernel, signedBy, object }: Setting): Record<string, unknown> {
	return {
		...(object === undefined ? {} : { object }),
		contract: kernel.contract,
		...(signedBy === undefined ? {} : { signed_by: signedBy }),
	};
}

/**
 * A pass when the kernel did what its contract promises, however safe that is; `safe` in the
 * evidence tells.
 */
export function judged(
	name: string,
	setting: Setting,
	promised: readonly Promised[],
	observed: Observed,
	code = "signature-unexpected",
): Finding {
	const { stage, errno, log, seen = {}, cannot } = observed;
	const evidence = {
		...settingEvidence(setting),
		stage,
		errno,
		...(errno === 0 ? {} : { errno_name: errnoName(errno) }),
		...(log === undefined ? {} : { log }),
		...seen,
	};
	if (cannot !== undefined)
		return {
			case: name,
			outcome: "skip",
			reason: {
				code: "feature-unsupported",
				message: cannot,
				hint: "nothing is to be done about it in the package",
			},
			evidence,
		};
	const promise = kept(promised, observed);
	if (promise)
		return {
			case: name,
			outcome: "pass",
			evidence: {
				...evidence,
				safe: promise.weakness === undefined,
				...(promise.weakness === undefined ? {} : { weakness: promise.weakness }),
			},
		};
	return {
		case: name,
		outcome: "fail",
		reason: broken(setting, promised, observed, code),
		evidence: {
			...evidence,
			safe: stage !== "installed" && stage !== "loaded",
			promised: promised.map(told),
		},
	};
}

function broken(
	{ kernel, object }: Setting,
	promised: readonly Promised[],
	observed: Observed,
	code: string,
): Reason {
	const what = object === undefined ? "the program" : `${object}, by its loader,`;
	const message =
		observed.wrong ??
		`${what} was ${toldOf(observed)}, where kernels of contract ${kernel.contract} promise: ${promised.map(told).join(", or ")}`;
	return { code, message, hint: hints[code] ?? hints["signature-unexpected"]! };
}

/** A case that needs a kernel which checks signatures. */
export function unsupported(name: string, setting: Setting, evidence: Record<string, unknown> = {}): Finding {
	return {
		case: name,
		outcome: "skip",
		reason: {
			code: "feature-unsupported",
			message: `the kernel checks no signatures of programs: ${setting.kernel.shown}`,
			hint: "kernels do so from 6.18 on, when built with CONFIG_SYSTEM_DATA_VERIFICATION",
		},
		evidence: { ...settingEvidence(setting), ...evidence },
	};
}
