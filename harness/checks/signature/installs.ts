// SPDX-License-Identifier: Apache-2.0
import type { PackageObject } from "../../data/package/package.js";
import type { Finding } from "../../lab/check.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import type { Guest } from "../../machine/vm/guest.js";
import { AdoptedObject } from "./adopted.js";
import { settingEvidence } from "./finding.js";
import type { InstalledSubject, Presence } from "./subject.js";
import type { Way } from "./way.js";

/** Installs the object, lets it be looked at, and takes it away again. @throws NotInstalled */
export async function whileInstalled<T>(
	guest: Guest,
	object: PackageObject,
	{ loader, installation }: Way,
	look: (presence: Presence) => Promise<T>,
): Promise<T> {
	const { client, greeting } = guest;
	const adopted = new AdoptedObject(client, loader, installation);
	await client.call("file_write", { path: guestPath(object), data: object.bytes });
	try {
		const loaded = await adopted.load(openArgs(object, greeting.cpus, new Map()));
		try {
			return await look({ loaded, loaderProgram: adopted.loaderProgram });
		} finally {
			await client.call("object_close", { object: loaded.handle });
		}
	} finally {
		await adopted.close();
		await client.call("file_remove", { path: guestPath(object) });
	}
}

/** Is every program and every map of the object there? */
export function installsFinding(
	name: string,
	{ object, setting }: InstalledSubject,
	{ loaded }: Presence,
): Finding {
	const wanted = wantedPrograms(object).map((program) => program.name);
	const missing = [
		...wanted.filter((program) => !loaded.loaded.has(program)).map((program) => `program ${program}`),
		...loaded.maps.filter(({ errno }) => errno !== 0).map((map) => `map ${map.name}`),
	];
	const evidence = {
		...settingEvidence(setting),
		programs: [...loaded.loaded.keys()],
		maps: loaded.maps.filter(({ errno }) => errno === 0).map((map) => map.name),
	};
	if (missing.length === 0) return { case: name, outcome: "pass", evidence };
	const reason = {
		code: "not-installed",
		message: `the loader says that it installed everything, and ${missing.slice(0, 5).join(", ")} of ${object.file} is not there`,
		hint: "sign the package anew with `bpfgate sign`: its loader was made of another object",
	};
	return { case: name, outcome: "fail", reason, evidence: { ...evidence, missing } };
}
