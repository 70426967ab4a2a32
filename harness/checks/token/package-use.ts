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
import type { TokenWorld } from "./token-session.js";

/** The verifier's last words are enough. */
const logBytes = 16 * 1024;
const verbose = 1;

/** What was refused first when a package was loaded. */
export interface Refused {
	object: PackageObject;
	/** `object`: libbpf gave up before it asked the kernel for a map or program of it. */
	what: "object" | "map" | "program";
	name: string;
	errno: number;
	verifierLog: string;
	libbpfLog: string;
}

/** What came of loading all of a package and attaching what can be attached. */
export interface Use {
	refused?: Refused;
	/** Names of cases. */
	loaded: string[];
	attached: string[];
	/** Why not, by name. */
	notAttached: Map<string, string>;
}

/** `map events: EPERM`, for messages. */
export function refusedText({ what, name, errno }: Refused): string {
	return `${what} ${name} is refused with ${errnoName(errno)}`;
}

/** Loads a package in a world, as whom and with which token it is told. */
export class PackageUser {
	readonly #put = new Set<string>();

	constructor(
		readonly pkg: Package,
		readonly world: TokenWorld,
		private readonly points: AttachPoints,
		/** Programs left out, `<object>/<program>`: no token makes the kernel take them. */
		readonly left: ReadonlySet<string> = new Set(),
	) {}

	/**
	 * @param tokenPath the bpffs that libbpf is told of; empty: it makes no token; undefined: it
	 * looks by itself
	 */
	async use(client: GuestClient, tokenPath: string | undefined): Promise<Use> {
		const nameOf = caseNames(this.pkg);
		const use: Use = { loaded: [], attached: [], notAttached: new Map() };
		const token = tokenPath === undefined ? {} : { token_path: tokenPath };
		for (const object of this.pkg.objects) {
			if (this.wanted(object).length === 0) continue;
			await this.#write(object);
			const { cpus } = this.world.guest.greeting;
			const targets = await loadTargets(this.pkg, object, client, cpus, token);
			try {
				const loaded = await this.#load(client, object, { ...openArgs(object, cpus, targets), ...token });
				if ("what" in loaded) return { ...use, refused: loaded };
				use.loaded.push(...this.wanted(object).map((name) => nameOf(object, name)));
				await this.#attach(client, object, loaded.object, use);
				await client.call("object_close", { object: loaded.object });
			} finally {
				for (const handle of targets.values()) await client.call("object_close", { object: handle });
			}
		}
		return use;
	}

	/** Programs of an object that are to load. */
	wanted(object: PackageObject): string[] {
		return wantedPrograms(object)
			.map(({ name }) => name)
			.filter((name) => !this.left.has(`${object.file}/${name}`));
	}

	/** Its file is gone, or will be: it is put there again before it is loaded. */
	forget(object: PackageObject): void {
		this.#put.delete(object.file);
	}

	async #write(object: PackageObject): Promise<void> {
		if (this.#put.has(object.file)) return;
		await this.world.ownerClient.call("file_write", { path: guestPath(object), data: object.bytes });
		this.#put.add(object.file);
	}

	async #load(
		client: GuestClient,
		object: PackageObject,
		args: Args<"object_open">,
	): Promise<{ object: number } | Refused> {
		const wanted = this.wanted(object);
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

	async #attach(client: GuestClient, object: PackageObject, handle: number, use: Use): Promise<void> {
		const nameOf = caseNames(this.pkg);
		const wanted = new Set(this.wanted(object));
		for (const attachable of attachables(object, (name) => nameOf(object, name))) {
			const { kind, name, caseName, target } = attachable;
			if (kind === "program" && !wanted.has(name)) continue;
			try {
				await attachAndDetach(client, handle, attachable, await this.points.point(target));
				use.attached.push(caseName);
			} catch (error) {
				if (!(error instanceof GuestError) && !(error instanceof NoAttachPoint)) throw error;
				use.notAttached.set(
					caseName,
					error instanceof NoAttachPoint ? error.message : `${error.what}: ${error.errnoName}`,
				);
			}
		}
	}
}
