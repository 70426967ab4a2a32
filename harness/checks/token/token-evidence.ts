// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { tail } from "../../lab/subject/attach/log-tail.js";
import { type Delegation, settingsOf } from "./model/delegation.js";
import { type PackageUse, type Refused, refusedText } from "./package-use.js";
import type { Trial } from "./trial.js";

/** The first refusal of a package. */
export function refusalEvidence(refused: Refused): Record<string, unknown> {
	const { errno, verifierLog, libbpfLog } = refused;
	return {
		refused: refusedText(refused),
		errno: errnoName(errno),
		...(verifierLog ? { verifier_log: tail(verifierLog) } : {}),
		...(libbpfLog ? { libbpf_log: tail(libbpfLog) } : {}),
	};
}

/** A delegation, as the manifest has it. */
export function delegationEvidence(delegation: Delegation): Record<string, unknown> {
	return { token: settingsOf(delegation) };
}

/** What loaded and attached. @param unloadable programs that the kernel refuses to root as well */
export function useEvidence(
	{ loaded, attached, notAttached }: PackageUse,
	unloadable: readonly string[] = [],
) {
	return {
		loaded,
		attached,
		...(notAttached.size > 0 ? { not_attached: Object.fromEntries(notAttached) } : {}),
		...(unloadable.length > 0 ? { refused_to_root: unloadable } : {}),
	};
}

/** What did not work, in words: `map events is refused with EPERM`. */
export function shortfallText({ use, lost, vectors }: Trial): string {
	if (use.refused) return refusedText(use.refused);
	const [name] = lost;
	if (name !== undefined)
		return `${name} loads but does not attach, as it does with everything delegated: ${use.notAttached.get(name)}`;
	const [bad] = vectors.failed;
	const more = vectors.failed.length > 1 ? `, and ${vectors.failed.length - 1} more` : "";
	return `vector ${bad?.case} does not pass: ${bad?.why}${more}`;
}

/** What did not work, in detail. */
export function shortfallEvidence({ use, lost, vectors }: Trial): Record<string, unknown> {
	return {
		...(use.refused ? refusalEvidence(use.refused) : {}),
		...(lost.length > 0
			? { lost: Object.fromEntries(lost.map((name) => [name, use.notAttached.get(name)])) }
			: {}),
		...(vectors.failed.length > 0 ? { vectors_failed: vectors.failed.slice(0, 50) } : {}),
	};
}
