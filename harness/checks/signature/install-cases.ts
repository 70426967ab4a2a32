// SPDX-License-Identifier: Apache-2.0
import { reason } from "../../data/reasons/registry/registry.js";
import type { Finding } from "../../lab/check.js";
import { skipped } from "../../lab/findings.js";
import { NotInstalled } from "./adopted-object.js";
import { endedAt, installs, installsUnsafely, seenInWords } from "./expectation.js";
import type { InstallPlan } from "./install-plan.js";
import { installsFinding, type SignedSubject, whileInstalled } from "./installed-object.js";
import { vectorsFinding } from "./installed-vectors.js";
import { KeyRefused } from "./keyrings.js";
import type { InstallResult } from "./loader-install.js";
import { type EndingCode, judged, settingEvidence, unsupported } from "./signature-finding.js";
import { verdictFinding } from "./verdict-finding.js";
import { wrongHookFinding } from "./wrong-hook.js";

/** What must succeed with a signed object, in this order. */
export const installCases = ["valid", "installs", "verdict", "wrong-hook", "vectors"] as const;
type InstallCase = (typeof installCases)[number];

/**
 * Findings `<object>/<case>` of `installCases`; none of `vectors` for an object without vectors.
 */
export async function* installFindings(subject: SignedSubject): AsyncIterable<Finding> {
	const { object, plans, bench } = subject;
	const of = (name: InstallCase) => `${object.file}/${name}`;
	const { contract } = subject.setting.kernel;
	let plan: InstallPlan | undefined;
	try {
		plan = await plans.own(object);
	} catch (error) {
		if (!(error instanceof KeyRefused)) throw error;
		const { signer } = plans;
		const setting = { ...subject.setting, ...(signer === undefined ? {} : { signedBy: signer }) };
		yield* refusedFindings({ ...subject, setting }, endedAt("key", error.errno), "certificate-refused");
		return;
	}
	if (!plan) {
		const covered = plans.covered(object)?.join(", ") || "no contract";
		const why = reason("contract-not-covered", { object: object.file, covered, contract });
		for (const name of installCases)
			yield { case: of(name), ...skipped(why, settingEvidence(subject.setting)) };
		return;
	}
	const { loader, signedBy } = plan;
	const setting = { ...subject.setting, ...(signedBy === undefined ? {} : { signedBy }) };
	const planned = { ...subject, setting, plan };
	const findings: Finding[] = [];
	try {
		await whileInstalled(await bench.guest(), object, plan, async (installed) => {
			const installation = { case: of("installs"), ...installsFinding(planned, installed) };
			if (contract === "none") {
				const skip = unsupported(setting);
				findings.push({ case: of("valid"), ...skip }, installation);
				findings.push({ case: of("verdict"), ...skip }, { case: of("wrong-hook"), ...skip });
				return;
			}
			const older =
				"the loader is made for an older contract: it does not verify that its metadata map is exclusive to it";
			const expected = loader.contract === contract ? installs : installsUnsafely(older);
			findings.push({ case: of("valid"), ...judged(setting, [expected], everything) }, installation);
			findings.push({ case: of("verdict"), ...(await verdictFinding(planned, installed)) });
			findings.push({ case: of("wrong-hook"), ...(await wrongHookFinding(planned, installed)) });
		});
	} catch (error) {
		if (!(error instanceof NotInstalled)) {
			yield* findings;
			throw error;
		}
		yield* refusedFindings({ ...subject, setting }, error.installed, "signature-refused");
		return;
	}
	yield* findings;
	const vectors = await vectorsFinding(planned);
	if (vectors) yield { case: of("vectors"), ...vectors };
}

function* refusedFindings(
	{ object, setting }: SignedSubject,
	ended: InstallResult,
	code: EndingCode,
): Iterable<Finding> {
	yield { case: `${object.file}/valid`, ...judged(setting, [installs], ended, code) };
	const why = `nothing was installed: its signed loader was ${seenInWords(ended)}`;
	const skip = skipped(reason("not-installed", { object: object.file, why }), settingEvidence(setting));
	for (const name of installCases.slice(1)) yield { case: `${object.file}/${name}`, ...skip };
}

const everything = endedAt("installed", 0, "installed");
