// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import type { PackageObject } from "../../data/package/package.js";
import type { Contract } from "../../data/signing/contract.js";
import type { Loader } from "../../data/signing/loader/generate.js";
import type { Finding, Workbench } from "../../lab/check.js";
import { loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { judged, type Setting, settingEvidence } from "./finding.js";
import { type Installation, installOnce } from "./install.js";
import { installs, toldOf } from "./promise.js";
import { unsigned } from "./scene.js";

/** As a well-meaning host installs on such a kernel, but without a signature. */
export function unsignedInstallation(
	loaders: Readonly<Record<Contract, Loader>>,
	contract: Contract | "none",
): { loader: Loader; installation: Installation } {
	const loader = loaders[contract === "none" ? "insns-maps" : contract];
	return { loader, installation: unsigned(loader, contract !== "none") };
}

/**
 * Installs without a signature, which no kernel insists on by itself. What not even so can be
 * installed is not a matter of signatures: then the finding is a `skip` that says why.
 */
export async function unsignedFinding(
	name: string,
	object: PackageObject,
	loaders: Readonly<Record<Contract, Loader>>,
	setting: Setting,
	bench: Workbench,
): Promise<Finding> {
	const { contract } = setting.kernel;
	const lack = await bench.lack("program_type:syscall");
	if (lack) {
		const { state, message, hint } = lack;
		const reason = { code: `feature-${state}`, message: `no loader can run: ${message}`, hint };
		return { case: name, outcome: "skip", reason, evidence: settingEvidence(setting) };
	}
	const { client } = await bench.guest();
	const installed = await installOnce(client, unsignedInstallation(loaders, contract).installation);
	if (installed.stage === "installed") return judged(name, setting, [installs], installed);

	const { stage, errno } = installed;
	const evidence = { ...settingEvidence(setting), stage, errno, errno_name: errnoName(errno) };
	if (!(await loads(object, bench))) {
		const reason = {
			code: "not-loaded",
			message: `${object.file} does not load on this kernel, so no loader can install it`,
			hint: "see the load check",
		};
		return { case: name, outcome: "skip", reason, evidence };
	}
	if (contract === "none") {
		const reason = {
			code: "loader-unsupported",
			message: `${object.file} loads, but a loader made elsewhere cannot install it on this kernel: it was ${toldOf(installed)}`,
			hint: "libbpf adapts what it loads to old kernels, a loader cannot; no kernel without signatures needs one",
		};
		return { case: name, outcome: "skip", reason, evidence };
	}
	return judged(name, setting, [installs], installed, "loader-differs");
}

/** Whether all programs of the object load without a loader. */
async function loads(object: PackageObject, bench: Workbench): Promise<boolean> {
	const { client, greeting } = await bench.guest();
	const wanted = wantedPrograms(object).map((program) => program.name);
	await client.call("file_write", { path: guestPath(object), data: object.bytes });
	const plain = await loadObject(client, openArgs(object, greeting.cpus, new Map()), wanted);
	if (plain.handle !== undefined) await client.call("object_close", { object: plain.handle });
	await client.call("file_remove", { path: guestPath(object) });
	return plain.handle !== undefined && plain.loaded.size === wanted.length;
}
