// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import type { PackageObject } from "../../data/package/package.js";
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { Contract } from "../../data/signing/contract.js";
import type { Loader } from "../../data/signing/loader/generate.js";
import type { FindingBody, Workbench } from "../../lab/check.js";
import { lackReason, skipped } from "../../lab/findings.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { installs, seenInWords } from "./expectation.js";
import { unsignedPlan } from "./install-plan.js";
import { installOnce } from "./loader-install.js";
import { judged, type Setting, settingEvidence } from "./signature-finding.js";

/**
 * Installs without a signature, which every kernel allows. A `skip` says why the object cannot be
 * installed even so: then its signature is not the problem.
 */
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
	await client.call("file_write", { path: guestPath(object), data: object.bytes });
	const direct = await loadObject(client, openArgs(object, greeting.cpus, new Map()), wanted);
	if (direct.handle !== undefined) await client.call("object_close", { object: direct.handle });
	await client.call("file_remove", { path: guestPath(object) });
	return direct.handle !== undefined && direct.loaded.size === wanted.length;
}
