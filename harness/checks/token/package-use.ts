// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { UndecidedError } from "../../base/errors.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import { type AttachPoints, NoAttachPoint } from "../../lab/subject/attach/attach-points.js";
import { attachAndDetach } from "../../lab/subject/attach/attach-programs.js";
import { attachables } from "../../lab/subject/attach/attachables.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { isLong, statistics, verbose } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { loadTargets } from "../../lab/subject/load/targets.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import type { Args, Result } from "../../machine/guest/operations.js";
import type { TokenSession } from "./token-session.js";

/** The end of the verifier's log is enough. */
const logBytes = 16 * 1024;
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

/** The result of loading objects and attaching what can be attached; by case names. */
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
	/** What is not attached, and why; by case names. */
	readonly unattached: ReadonlyMap<string, string>;
}

/** What was attached ended or stopped the process that did it. */
export class EndsItsUser extends Error {
	constructor(
		/** Name of its case. */
		readonly attachable: string,
		lost: UndecidedError,
	) {
		const how = lost.cause instanceof GuestError ? lost.cause.what.replace(/^user \d+/, "it") : lost.message;
		super(how, { cause: lost });
	}
}

/** `map events is refused with EPERM`, for messages. */
export function refusedText({ what, name, errno }: Refused): string {
	return `${what} ${name} is refused with ${errnoName(errno)}`;
}

/** Uses of several objects as one; the first refusal counts. */
export function together(uses: readonly PackageUse[]): PackageUse {
	const refused = uses.find((use) => use.refused)?.refused;
	return {
		...(refused ? { refused } : {}),
		loaded: uses.flatMap(({ loaded }) => loaded),
		attached: uses.flatMap(({ attached }) => attached),
		notAttached: new Map(uses.flatMap(({ notAttached }) => [...notAttached])),
	};
}

/** A user of the guest, and where libbpf gets the token from. */
export interface TokenUser {
	client: GuestClient;
	/** libbpf's `bpf_token_path`; empty: no token; undefined: it looks for one itself. */
	tokenPath: string | undefined;
}

/**
 * Loads an object as that user, attaches and detaches what can be attached, and unloads it.
 *
 * @param targets loaded objects that its programs extend; by default loaded with the same token
 * @throws EndsItsUser when the process is lost while it attaches
 */
export async function useObject(
	used: UsedPackage,
	object: PackageObject,
	user: TokenUser,
	targets?: ReadonlyMap<string, number>,
): Promise<PackageUse> {
	const use: PackageUse = { loaded: [], attached: [], notAttached: new Map() };
	const wanted = wantedPrograms(object)
		.map(({ name }) => name)
		.filter((name) => !used.leftOut.has(`${object.file}/${name}`));
	if (wanted.length === 0) return use;
	const how = { wanted, log: statistics, targets };
	return whileLoaded(used, object, user, how, async (loaded) => {
		if ("what" in loaded) return { ...use, refused: loaded };
		const nameOf = caseNames(used.pkg);
		use.loaded.push(...wanted.map((name) => nameOf(object, name)));
		await attachEach(used, user.client, object, wanted, loaded.object, use);
		return use;
	});
}

/** The refusal with the verifier's whole log, where it has one that is not too long to be made. */
export async function withWholeLog(used: UsedPackage, refused: Refused, user: TokenUser): Promise<Refused> {
	const { object, what, name, verifierLog } = refused;
	if (what !== "program" || verifierLog === "" || isLong(verifierLog)) return refused;
	const how = { wanted: [name], log: verbose };
	const again = await whileLoaded(used, object, user, how, async (loaded) => loaded);
	return "what" in again && again.name === name && again.errno === refused.errno ? again : refused;
}

type Loaded = { object: number } | Refused;

interface Loading {
	/** Programs. */
	wanted: readonly string[];
	log: number;
	targets?: ReadonlyMap<string, number> | undefined;
}

/** Calls `work` with the result of loading an object, and unloads it. */
async function whileLoaded<T>(
	{ session, pkg }: UsedPackage,
	object: PackageObject,
	{ client, tokenPath }: TokenUser,
	how: Loading,
	work: (loaded: Loaded) => Promise<T>,
): Promise<T> {
	const { cpus } = session.guest.greeting;
	const token = tokenPath === undefined ? {} : { token_path: tokenPath };
	await session.put(guestPath(object), object.loadable);
	const targets = how.targets ?? (await loadTargets(pkg, object, client, cpus, token));
	let isLost = false;
	try {
		const loaded = await load(client, object, how, { ...openArgs(object, cpus, targets), ...token });
		const result = await work(loaded);
		if (!("what" in loaded)) await client.call("object_close", { object: loaded.object });
		return result;
	} catch (error) {
		isLost = error instanceof EndsItsUser;
		throw error;
	} finally {
		if (!how.targets && !isLost)
			for (const handle of targets.values()) await client.call("object_close", { object: handle });
	}
}

async function load(
	client: GuestClient,
	object: PackageObject,
	{ wanted, log }: Loading,
	args: Args<"object_open">,
): Promise<Loaded> {
	const programs = (args.programs ?? []).map((each) => ({ ...each, autoload: wanted.includes(each.name) }));
	let opened: Result<"object_open">;
	try {
		opened = await client.call("object_open", { ...args, programs });
	} catch (error) {
		if (!(error instanceof GuestError)) throw error;
		const { errno, log } = error;
		return { object, what: "object", name: object.file, errno, verifierLog: "", libbpfLog: log };
	}
	const { object: handle } = opened;
	const outcome = await client.call("object_load", { object: handle, log_level: log, log_bytes: logBytes });
	if (outcome.errno === 0) return opened;
	await client.call("object_close", { object: handle });
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
	{ pkg, points, unattached }: UsedPackage,
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
		const why = unattached.get(caseName);
		if (why !== undefined) {
			use.notAttached.set(caseName, why);
			continue;
		}
		try {
			await attachAndDetach(client, handle, attachable, await points.point(target));
			use.attached.push(caseName);
		} catch (error) {
			if (error instanceof NoAttachPoint) use.notAttached.set(caseName, error.message);
			else if (error instanceof GuestError)
				use.notAttached.set(caseName, `${error.what}: ${error.errnoName}`);
			else if (error instanceof UndecidedError && error.code === "user-lost")
				throw new EndsItsUser(caseName, error);
			else throw error;
		}
	}
}
