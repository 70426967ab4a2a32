// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { isCapable } from "../../data/package/capable.js";
import type { PackageObject } from "../../data/package/package.js";
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { Contract } from "../../data/signing/contract.js";
import type { Loader } from "../../data/signing/loader/generate.js";
import type { Finding, FindingBody, Workbench } from "../../lab/check.js";
import { failed, lackReason, passed, skipped } from "../../lab/findings.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { programId } from "../../machine/guest/bpf-objects.js";
import { NotInstalled } from "./adopted-object.js";
import { endedAt, installs, installsUnsafely, seenInWords } from "./expectation.js";
import { type InstallPlan, unsignedPlan } from "./install-plan.js";
import {
	type InstalledObject,
	installsFinding,
	type PlannedSubject,
	type SignedSubject,
	whileInstalled,
} from "./installed-object.js";
import { vectorsFinding } from "./installed-vectors.js";
import { KeyRefused } from "./keyrings.js";
import { type InstallResult, installOnce } from "./loader-install.js";
import { type EndingCode, judged, type Setting, settingEvidence, unsupported } from "./signature-finding.js";
import { readVerdicts, type Verdict } from "./signature-verdict.js";
import { wrongHookFinding } from "./wrong-hook.js";

/** What must succeed with a signed object, in this order. */
export const installCases = ["valid", "installs", "verdict", "wrong-hook", "vectors"] as const;
type InstallCase = (typeof installCases)[number];

/** Findings `<object>/<case>` of `installCases`; no `vectors` for an object without them. */
export async function* installFindings(subject: SignedSubject): AsyncIterable<Finding> {
	const { object, guests, bench } = subject;
	const of = (name: InstallCase) => `${object.file}/${name}`;
	const { contract } = subject.setting.kernel;
	const plans = await guests.plans();
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
	let recorded: Verdict | undefined;
	// Before the loader runs: it can change what is read afterwards.
	const beforeRun = async (program: number) => {
		if (!setting.kernel.verdictRecorded) return;
		const guest = await bench.guest();
		const id = await programId(guest.client, { handle: program });
		recorded = id === undefined ? undefined : (await readVerdicts(guest)).get(id);
	};
	const installation = { ...plan.installation, beforeRun };
	guests.ran(guests.ownLoaders || object.programs.some(isCapable));
	try {
		const [guest, strange] = [await bench.guest(), guests.ownLoaders];
		await whileInstalled(guest, object, { ...plan, installation }, strange, async (installed) => {
			const complete = { case: of("installs"), ...installsFinding(planned, installed) };
			if (contract === "none") {
				const skip = unsupported(setting);
				findings.push({ case: of("valid"), ...skip }, complete);
				findings.push({ case: of("verdict"), ...skip }, { case: of("wrong-hook"), ...skip });
				return;
			}
			const older =
				"the loader is made for an older contract: it does not verify that its metadata map is exclusive to it";
			const expected = loader.contract === contract ? installs : installsUnsafely(older);
			findings.push({ case: of("valid"), ...judged(setting, [expected], everything) }, complete);
			findings.push({ case: of("verdict"), ...(await verdictFinding(planned, installed, recorded)) });
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

/** Installs without a signature; a `skip` says why the object cannot be installed even so. */
export async function unsignedFinding(
	object: PackageObject,
	loaders: Readonly<Record<Contract, Loader>>,
	setting: Setting,
	bench: Workbench,
): Promise<FindingBody> {
	const { contract } = setting.kernel;
	const lack = await bench.lack("program_type:syscall");
	if (lack) return skipped(lackReason(lack, "no loader can run: "), settingEvidence(setting));
	const { client } = await bench.guest();
	const installed = await installOnce(client, unsignedPlan(loaders, contract).installation);
	if (installed.step === "installed") return judged(setting, [installs], installed);

	const { step, errno } = installed;
	const evidence = { ...settingEvidence(setting), step, errno, errno_name: errnoName(errno) };
	const { file } = object;
	if (!(await loads(object, bench))) {
		const message = `${file} does not load on this kernel, so no loader can install it`;
		return skipped(reasonSaying("not-loaded", message), evidence);
	}
	if (contract === "none")
		return skipped(reason("loader-unsupported", { object: file, found: seenInWords(installed) }), evidence);
	return judged(setting, [installs], installed, "loader-differs");
}

/** Whether all programs of the object load without a loader. */
async function loads(object: PackageObject, bench: Workbench): Promise<boolean> {
	const { client, greeting } = await bench.guest();
	const wanted = wantedPrograms(object).map((program) => program.name);
	await client.call("file_write", { path: guestPath(object), data: object.loadable });
	const direct = await loadObject(client, openArgs(object, greeting.cpus, new Map()), wanted);
	if (direct.handle !== undefined) await client.call("object_close", { object: direct.handle });
	await client.call("file_remove", { path: guestPath(object) });
	return direct.handle !== undefined && direct.loaded.size === wanted.length;
}

/**
 * What the kernel recorded for what the loader installed (`prog->aux->sig`).
 *
 * @param loader what it recorded for the loader itself, before that ran
 */
async function verdictFinding(
	{ plan, setting, bench }: PlannedSubject,
	{ loaded }: InstalledObject,
	loader: Verdict | undefined,
): Promise<FindingBody> {
	const base = settingEvidence(setting);
	if (!setting.kernel.verdictRecorded) {
		const message = "the kernel records no verdict: struct bpf_prog_aux has no member sig";
		const hint = "use 7.2 or later; before, only the load itself shows that the signature was verified";
		return skipped(reasonSaying("feature-unsupported", message, hint), base);
	}
	const verdicts = await readVerdicts(await bench.guest());
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
