// SPDX-License-Identifier: Apache-2.0

import type { Finding } from "../../lab/check.js";
import { programId } from "../../machine/guest/bpf-objects.js";
import { settingEvidence } from "./finding.js";
import type { InstalledSubject, Presence } from "./subject.js";
import { readVerdicts } from "./verdict.js";

/** What the kernel notes of the loader, and of what the loader installed (`prog->aux->sig`). */
export async function verdictFinding(
	name: string,
	{ way, setting, bench }: InstalledSubject,
	{ loaded, loaderProgram }: Presence,
): Promise<Finding> {
	const base = settingEvidence(setting);
	if (!setting.kernel.verdictRecorded) {
		const reason = {
			code: "feature-unsupported",
			message: "the kernel notes no verdict: struct bpf_prog_aux has no member sig",
			hint: "7.2 and later do; before, only the load itself shows that a signature was checked",
		};
		return { case: name, outcome: "skip", reason, evidence: base };
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
		// The kernel checks the loader; what that installs it counts as unsigned.
		installed: [...new Set(installed)],
	};
	const right =
		loader?.verdict === "verified" && loader.keyringType === "user" && loader.keyringSerial === way.keyring;
	if (right) return { case: name, outcome: "pass", evidence };
	const noted = loader
		? `${loader.verdict}, keyring ${loader.keyringType} ${loader.keyringSerial}`
		: "nothing";
	const reason = {
		code: "verdict-unexpected",
		message: `of the loader, whose signature was verified against keyring ${way.keyring}, the kernel notes: ${noted}`,
		hint: "a gatekeeper that goes by verdicts would judge wrongly on this kernel",
	};
	return { case: name, outcome: "fail", reason, evidence };
}
