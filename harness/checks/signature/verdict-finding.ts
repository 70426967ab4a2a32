// SPDX-License-Identifier: Apache-2.0
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { FindingBody } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import { programId } from "../../machine/guest/bpf-objects.js";
import type { InstalledObject, PlannedSubject } from "./installed-object.js";
import { settingEvidence } from "./signature-finding.js";
import { readVerdicts } from "./signature-verdict.js";

/** What the kernel recorded for the loader, and for what it installed (`prog->aux->sig`). */
export async function verdictFinding(
	{ plan, setting, bench }: PlannedSubject,
	{ loaded, loaderProgram }: InstalledObject,
): Promise<FindingBody> {
	const base = settingEvidence(setting);
	if (!setting.kernel.verdictRecorded) {
		const message = "the kernel records no verdict: struct bpf_prog_aux has no member sig";
		const hint = "use 7.2 or later; before, only the load itself shows that the signature was verified";
		return skipped(reasonSaying("feature-unsupported", message, hint), base);
	}
	const guest = await bench.guest();
	const verdicts = await readVerdicts(guest);
	const loaderId =
		loaderProgram === undefined ? undefined : await programId(guest.client, { handle: loaderProgram });
	const loader = loaderId === undefined ? undefined : verdicts.get(loaderId);
	const installed = [...loaded.loaded.values()].map(
		(program) => verdicts.get(program.info?.id ?? 0)?.verdict ?? "unknown",
	);
	const evidence = {
		...base,
		verdict: loader?.verdict,
		keyring_type: loader?.keyringType,
		keyring_serial: loader?.keyringSerial,
		// The kernel verifies the loader. What the loader installs counts as unsigned.
		installed: [...new Set(installed)],
	};
	const inWords = (verdict: string, type: string, serial: number | undefined) =>
		`${verdict}, keyring ${type} ${serial}`;
	const expected = inWords("verified", "user", plan.keyring);
	const found = loader ? inWords(loader.verdict, loader.keyringType, loader.keyringSerial) : "no verdict";
	return found === expected
		? passed(evidence)
		: failed(reason("verdict-unexpected", { expected, found }), evidence);
}
