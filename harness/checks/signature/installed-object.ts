// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../../data/package/package.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { FindingBody, Workbench } from "../../lab/check.js";
import { failed, passed } from "../../lab/findings.js";
import { type LoadedObject, loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Args } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";
import { AdoptedObject } from "./adopted-object.js";
import type { CleanGuests } from "./clean-guests.js";
import type { InstallPlan } from "./install-plan.js";
import { codeOf, constantsOf, otherPrograms } from "./installed-code.js";
import { type Setting, settingEvidence } from "./signature-finding.js";

/** An object whose signed loader is tested. */
export interface SignedSubject {
	pkg: Package;
	object: PackageObject;
	guests: CleanGuests;
	setting: Setting;
	bench: Workbench;
}

export interface PlannedSubject extends SignedSubject {
	plan: InstallPlan;
}

export interface InstalledObject {
	loaded: LoadedObject & { handle: number };
	/** Programs whose instructions are not those of the object. */
	others: readonly string[];
}

/**
 * Installs the object, calls `look`, and closes everything again.
 * @param strange the loader is not the one that bpfgate generates from the object
 * @throws NotInstalled
 */
export async function whileInstalled<T>(
	guest: Guest,
	object: PackageObject,
	{ loader, installation }: InstallPlan,
	strange: boolean,
	look: (installed: InstalledObject) => Promise<T>,
): Promise<T> {
	const { client, greeting } = guest;
	const adopted = new AdoptedObject(client, loader, installation);
	const args = openArgs(object, greeting.cpus, new Map());
	await client.call("file_write", { path: guestPath(object), data: object.loadable });
	try {
		// Before the loader runs: it can change what is read afterwards.
		const constants = strange ? constantsOf(object.loadable, client.littleEndian) : undefined;
		const own = constants && (await ownCode(client, object, args, constants));
		const loaded = await adopted.load(args);
		try {
			const others = own ? otherPrograms(await codeOf(client, loaded, constants), own) : [];
			return await look({ loaded, others });
		} finally {
			await client.call("object_close", { object: loaded.handle });
		}
	} finally {
		await adopted.close();
		await client.call("file_remove", { path: guestPath(object) });
	}
}

/** The instructions of the object's programs when no loader is between. */
async function ownCode(
	client: GuestClient,
	object: PackageObject,
	args: Args<"object_open">,
	constants: ReadonlySet<bigint>,
): Promise<Map<string, string>> {
	const wanted = wantedPrograms(object).map(({ name }) => name);
	const { handle, ...loaded } = await loadObject(client, args, wanted);
	if (handle === undefined) return new Map();
	try {
		return await codeOf(client, { handle, ...loaded }, constants);
	} finally {
		await client.call("object_close", { object: handle });
	}
}

/** Whether the loader installed every program and map of the object. */
export function installsFinding(
	{ object, setting }: PlannedSubject,
	{ loaded, others }: InstalledObject,
): FindingBody {
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
	if (others.length > 0) {
		const facts = { object: object.file, programs: others.slice(0, 5).join(", ") };
		return failed(reason("installs-others", facts), { ...evidence, others });
	}
	if (missing.length === 0) return passed(evidence);
	const why = `its loader reported success, but did not install ${missing.slice(0, 5).join(", ")}`;
	return failed(reason("not-installed", { object: object.file, why }), { ...evidence, missing });
}
