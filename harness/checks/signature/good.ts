import type { Finding } from "../../lab/check.js";
import { NotInstalled } from "./adopted.js";
import { judged, settingEvidence, unsupported } from "./finding.js";
import type { Installed } from "./install.js";
import { installsFinding, whileInstalled } from "./installs.js";
import { KeyRefused } from "./keyrings.js";
import { installs, letIn, toldOf } from "./promise.js";
import type { Subject } from "./subject.js";
import { vectorsFinding } from "./vectors.js";
import { verdictFinding } from "./verdict-finding.js";
import type { Way } from "./way.js";
import { wrongHookFinding } from "./wrong-hook.js";

/** What must go well with a signed object, in this order. */
export const goodCases = ["valid", "installs", "verdict", "wrong-hook", "vectors"] as const;

export async function* goodFindings(subject: Subject): AsyncIterable<Finding> {
	const { object, ways, bench } = subject;
	const of = (name: (typeof goodCases)[number]) => `${object.file}/${name}`;
	const { contract } = subject.setting.kernel;
	let way: Way | undefined;
	try {
		way = await ways.own(object);
	} catch (error) {
		if (!(error instanceof KeyRefused)) throw error;
		const { signer } = ways;
		const setting = { ...subject.setting, ...(signer === undefined ? {} : { signedBy: signer }) };
		const ended: Installed = { stage: "key", errno: error.errno, maps: [], programs: [] };
		yield* refusedFindings({ ...subject, setting }, ended, "certificate-refused");
		return;
	}
	if (!way) {
		const reason = {
			code: "contract-not-covered",
			message: `${object.file} is signed for ${ways.covered(object)?.join(", ") || "no contract"}, and this kernel's is ${contract}: its signature does not count here`,
			hint: "sign the package with `bpfgate sign`, which covers every contract",
		};
		for (const name of goodCases)
			yield { case: of(name), outcome: "skip", reason, evidence: settingEvidence(subject.setting) };
		return;
	}
	const { loader, signedBy } = way;
	const setting = { ...subject.setting, ...(signedBy === undefined ? {} : { signedBy }) };
	const installed = { ...subject, setting, way };
	const findings: Finding[] = [];
	try {
		await whileInstalled(await bench.guest(), object, way, async (presence) => {
			const older = "the loader is of an older contract, and does not ask whether its data is its own";
			const promise = loader.contract === contract ? installs : letIn(older);
			findings.push(
				contract === "none"
					? unsupported(of("valid"), setting)
					: judged(of("valid"), setting, [promise], everything),
			);
			findings.push(installsFinding(of("installs"), installed, presence));
			if (contract === "none") {
				findings.push(unsupported(of("verdict"), setting), unsupported(of("wrong-hook"), setting));
				return;
			}
			findings.push(await verdictFinding(of("verdict"), installed, presence));
			findings.push(await wrongHookFinding(of("wrong-hook"), installed, presence));
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
	yield* vectorsFinding(of("vectors"), installed);
}

function* refusedFindings({ object, setting }: Subject, ended: Installed, code: string): Iterable<Finding> {
	const valid = `${object.file}/valid`;
	yield judged(valid, setting, [installs], ended, code);
	const reason = {
		code: "not-installed",
		message: `nothing of ${object.file} was installed, because its signed loader was ${toldOf(ended)}`,
		hint: `see ${valid}`,
	};
	for (const name of goodCases.slice(1))
		yield {
			case: `${object.file}/${name}`,
			outcome: "skip",
			reason,
			evidence: settingEvidence(setting),
		};
}

const everything: Installed = { stage: "installed", errno: 0, maps: [], programs: [] };
