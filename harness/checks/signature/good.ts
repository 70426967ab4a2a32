// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../../package/package.js";
import type { Finding, Workbench } from "../check.js";
import { judged, type Setting, settingEvidence, unsupported } from "./finding.js";
import { installOnce } from "./install.js";
import { installsFinding } from "./installs.js";
import { installs, letIn, toldOf } from "./promise.js";
import { vectorsFinding } from "./vectors.js";
import { verdictFinding } from "./verdict-finding.js";
import type { Ways } from "./way.js";
import { wrongHookFinding } from "./wrong-hook.js";

/** What must go well with a signed object, in this order. */
export const goodCases = ["valid", "installs", "verdict", "wrong-hook", "vectors"] as const;

/** An object that is being looked at, and how it gets into the kernel. */
export interface Subject {
	pkg: Package;
	object: PackageObject;
	ways: Ways;
	setting: Setting;
	bench: Workbench;
}

export async function* goodFindings(subject: Subject): AsyncIterable<Finding> {
	const { object, ways, bench } = subject;
	const of = (name: (typeof goodCases)[number]) => `${object.file}/${name}`;
	const { contract } = subject.setting.kernel;
	const way = await ways.own(object);
	if (!way) {
		const reason = {
			code: "contract-not-covered",
			message: `${object.file} is signed for ${ways.shipped(object)?.join(", ") || "no contract"}, and this kernel's is ${contract}: its signature does not count here`,
			hint: "sign the package with `bpfgate sign`, which covers every contract",
		};
		for (const name of goodCases)
			yield { case: of(name), outcome: "skip", reason, evidence: settingEvidence(subject.setting) };
		return;
	}
	const { loader, installation, signedBy } = way;
	const setting = { ...subject.setting, ...(signedBy === undefined ? {} : { signedBy }) };
	if (contract === "none") {
		yield unsupported(of("valid"), setting);
	} else {
		const { client } = await bench.guest();
		const valid = await installOnce(client, installation);
		const older = "the loader is of an older contract, and does not ask whether its data is its own";
		const promise = loader.contract === contract ? installs : letIn(older);
		yield judged(of("valid"), setting, [promise], valid, "signature-refused");
		if (valid.stage !== "installed") {
			const reason = {
				code: "not-installed",
				message: `nothing of ${object.file} was installed, because its signed loader was ${toldOf(valid)}`,
				hint: `see ${of("valid")}`,
			};
			for (const name of goodCases.slice(1))
				yield { case: of(name), outcome: "skip", reason, evidence: settingEvidence(setting) };
			return;
		}
	}
	const adopted = { ...subject, setting, way };
	yield await installsFinding(of("installs"), adopted);
	if (contract === "none") {
		yield unsupported(of("verdict"), setting);
		yield unsupported(of("wrong-hook"), setting);
	} else {
		yield await verdictFinding(of("verdict"), adopted);
		yield await wrongHookFinding(of("wrong-hook"), adopted);
	}
	yield* vectorsFinding(of("vectors"), adopted);
}
