// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import { type AttachPoints, NoAttachPoint } from "../../lab/subject/attach/attach-points.js";
import { attachAndDetach } from "../../lab/subject/attach/attach-programs.js";
import { attachables } from "../../lab/subject/attach/attachables.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { loadTargets } from "../../lab/subject/load/targets.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import type { Args, Result } from "../../machine/guest/operations.js";
import type { TokenSession } from "./token-session.js";

/** The end of the verifier's log is enough. */
const logBytes = 16 * 1024;
const verbose = 1;

/** The first refusal while a package was loaded. */
export interface Refused {
	object: PackageObject;
	/** `object`: libbpf gave up before it asked the kernel for one of its maps or programs. */
	what: "object" | "map" | "program";
	name: string;
	errno: number;
	verifierLog: string;
	libbpfLog: string;
}

/** The result of loading all of a package and attaching what can be attached; by case names. */
export interface PackageUse {
	refused?: Refused;
	loaded: string[];
	attached: string[];
	/** Why not, by name. */
	notAttached: Map<string, string>;
}

/** What is loaded, and where. */
export interface UsedPackage {
	readonly session: TokenSession;
	readonly pkg: Package;
	readonly points: AttachPoints;
	/** Programs left out, `<object>/<program>`. */
	readonly leftOut: ReadonlySet<string>;
}

/** `map events is refused with EPERM`, for messages. */
export function refusedText({ what, name, errno }: Refused): string {
	return `${what} ${name} is refused with ${errnoName(errno)}`;
}

/**
 * Loads a package as the client's user, attaches and detaches what can be attached, unloads it.
 * @param tokenPath libbpf's `bpf_token_path`; empty: no token; undefined: it looks for one itself
 */
export async function usePackage(
	used: UsedPackage,
	client: GuestClient,
	tokenPath: string | undefined,
): Promise<PackageUse> {
	const { session, pkg } = used;
	const { cpus } = session.guest.greeting;
	const nameOf = caseNames(pkg);
	const use: PackageUse = { loaded: [], attached: [], notAttached: new Map() };
	const token = tokenPath === undefined ? {} : { token_path: tokenPath };
	for (const object of pkg.objects) {
		const wanted = wantedPrograms(object)
			.map(({ name }) => name)
			.filter((name) => !used.leftOut.has(`${object.file}/${name}`));
		if (wanted.length === 0) continue;
		await session.put(guestPath(object), object.loadable);
		const targets = await loadTargets(pkg, object, client, cpus, token);
		try {
			const args = { ...openArgs(object, cpus, targets), ...token };
			const loaded = await load(client, object, wanted, args);
			if ("what" in loaded) return { ...use, refused: loaded };
			use.loaded.push(...wanted.map((name) => nameOf(object, name)));
			await attachEach(used, client, object, wanted, loaded.object, use);
			await client.call("object_close", { object: loaded.object });
		} finally {
			for (const handle of targets.values()) await client.call("object_close", { object: handle });
		}
	}
	return use;
}

async function load(
	client: GuestClient,
	object: PackageObject,
	wanted: readonly string[],
	args: Args<"object_open">,
): Promise<{ object: number } | Refused> {
	const programs = (args.programs ?? []).map((each) => ({ ...each, autoload: wanted.includes(each.name) }));
	let opened: Result<"object_open">;
	try {
		opened = await client.call("object_open", { ...args, programs });
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		const { errno, log } = error;
		return { object, what: "object", name: object.file, errno, verifierLog: "", libbpfLog: log };
	}
	const outcome = await client.call("object_load", {
		object: opened.object,
		log_level: verbose,
		log_bytes: logBytes,
	});
	if (outcome.errno === 0) return opened;
	await client.call("object_close", { object: opened.object });
	const failed = (each: { attempted: boolean; errno: number }) => each.attempted && each.errno !== 0;
	const program = outcome.programs.find(failed);
	const map = outcome.maps.find(failed);
	const found = program ?? map;
	return {
		object,
		what: program ? "program" : map ? "map" : "object",
		name: found?.name ?? object.file,
		errno: found?.errno ?? outcome.errno,
		verifierLog: program?.log ?? "",
		libbpfLog: outcome.log,
	};
}

async function attachEach(
	{ pkg, points }: UsedPackage,
	client: GuestClient,
	object: PackageObject,
	wanted: readonly string[],
	handle: number,
	use: PackageUse,
): Promise<void> {
	const nameOf = caseNames(pkg);
	for (const attachable of attachables(object, (name) => nameOf(object, name))) {
		const { kind, name, caseName, target } = attachable;
		if (kind === "program" && !wanted.includes(name)) continue;
		try {
			await attachAndDetach(client, handle, attachable, await points.point(target));
			use.attached.push(caseName);
		} catch (error) {
			if (error instanceof NoAttachPoint) use.notAttached.set(caseName, error.message);
			else if (error instanceof GuestError)
				use.notAttached.set(caseName, `${error.what}: ${error.errnoName}`);
			else throw error;
		}
	}
}
