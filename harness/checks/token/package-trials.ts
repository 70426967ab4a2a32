// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../../data/package/package.js";
import type { Workbench } from "../../lab/check.js";
import { AttachPoints } from "../../lab/subject/attach/attach-points.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { type LoadedObject, loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { loadTargets } from "../../lab/subject/load/targets.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { type Delegation, delegationOf, everything } from "./model/delegation.js";
import { type PackageUse, type Refused, type UsedPackage, usePackage } from "./package-use.js";
import { TokenSession } from "./token-session.js";
import { type TokenVectors, vectorsWithToken } from "./token-vectors.js";

/** What a package does on this kernel when everything is delegated and every capability is held. */
export interface WidestUse {
	use: PackageUse;
	/** Programs that root of the guest may load and no user of a token, by case name. */
	ungrantable: Map<string, Refused>;
	/** Programs that this kernel refuses to root as well, by case name. */
	unloadable: string[];
	/** Both of them, `<object>/<program>`. */
	leftOut: ReadonlySet<string>;
	/** Vectors, the first of each program, that pass for root of the guest and with no token. */
	failing: ReadonlySet<string>;
}

/** What a package did with one delegation. */
export interface Trial {
	use: PackageUse;
	/** What attaches with everything delegated, but does not here. */
	lost: string[];
	/** Without those that do not pass with everything delegated either. */
	vectors: TokenVectors;
}

/** Whether it did less than with everything delegated. */
export function fallsShort({ use, lost, vectors }: Trial): boolean {
	return use.refused !== undefined || lost.length > 0 || vectors.failed.length > 0;
}

/** Tries one package with delegations, in a session of its own. */
export class PackageTrials {
	/** What the manifest declares. */
	readonly declared: Delegation;
	readonly #points: AttachPoints;
	#widest: Promise<WidestUse> | undefined;

	private constructor(
		readonly pkg: Package,
		readonly bench: Workbench,
		readonly session: TokenSession,
	) {
		this.declared = delegationOf(pkg.manifest.token);
		this.#points = new AttachPoints(session.guest.client, bench, session.ownerClient);
	}

	/** @throws TokensMissing where there are no tokens */
	static async open(pkg: Package, bench: Workbench): Promise<PackageTrials> {
		return new PackageTrials(pkg, bench, await TokenSession.open(await bench.guest()));
	}

	/** A process with the declared capabilities. */
	declaredUser(): Promise<GuestClient> {
		return this.session.user(this.declared.capabilities);
	}

	/** Whether everything works that works with everything delegated. */
	async works(delegation: Delegation): Promise<boolean> {
		return !fallsShort(await this.try(delegation));
	}

	/** What the package does with a delegation. @param each first vector of each program alone */
	async try(delegation: Delegation, { each = true } = {}): Promise<Trial> {
		const { use: widest, failing } = await this.widest();
		const client = await this.session.user(delegation.capabilities);
		const path = await this.session.bpffs(delegation);
		const use = await this.use(client, path);
		const lost = use.refused ? [] : widest.attached.filter((name) => !use.attached.includes(name));
		if (use.refused || lost.length > 0)
			return { use, lost, vectors: { passed: 0, failed: [], unreadable: [] } };
		const vectors = await vectorsWithToken(this.pkg, this.session, client, path, { each });
		const failed = vectors.failed.filter(({ case: name }) => !failing.has(name));
		return { use, lost, vectors: { ...vectors, failed } };
	}

	/** Loads and attaches what any token can authorise; `tokenPath` as in `usePackage`. */
	async use(client: GuestClient, tokenPath: string | undefined): Promise<PackageUse> {
		const { leftOut } = await this.widest();
		return usePackage(this.#used(leftOut), client, tokenPath);
	}

	widest(): Promise<WidestUse> {
		this.#widest ??= this.#tryEverything();
		return this.#widest;
	}

	async close(): Promise<void> {
		await this.#points.remove();
		await this.session.close();
	}

	#used(leftOut: ReadonlySet<string>): UsedPackage {
		return { session: this.session, pkg: this.pkg, points: this.#points, leftOut };
	}

	async #tryEverything(): Promise<WidestUse> {
		const { pkg, session } = this;
		const client = await session.user(everything.capabilities);
		const path = await session.bpffs(everything);
		const ungrantable = new Map<string, Refused>();
		const unloadable: string[] = [];
		const leftOut = new Set<string>();
		let use = await usePackage(this.#used(leftOut), client, path);
		if (use.refused) {
			const nameOf = caseNames(pkg);
			for (const object of pkg.objects) {
				const withToken = await this.#load(object, client, path);
				if (withToken.refused.size === 0) continue;
				const asRoot = await this.#load(object, session.guest.client, "");
				for (const [name, { errno, verifierLog, libbpfLog }] of withToken.refused) {
					leftOut.add(`${object.file}/${name}`);
					const caseName = nameOf(object, name);
					if (asRoot.loaded.has(name))
						ungrantable.set(caseName, { object, what: "program", name, errno, verifierLog, libbpfLog });
					else unloadable.push(caseName);
				}
			}
			use = await usePackage(this.#used(leftOut), client, path);
		}
		const { failed } = await vectorsWithToken(pkg, session, client, path, { each: true });
		return { use, ungrantable, unloadable, leftOut, failing: new Set(failed.map((each) => each.case)) };
	}

	/** How an object loads, program by program; it is unloaded again. */
	async #load(object: PackageObject, client: GuestClient, tokenPath: string): Promise<LoadedObject> {
		const { guest } = this.session;
		const { cpus } = guest.greeting;
		const token = { token_path: tokenPath };
		const targets = await loadTargets(this.pkg, object, client, cpus, token);
		await client.call("file_write", { path: guestPath(object), data: object.loadable });
		const names = wantedPrograms(object).map(({ name }) => name);
		const result = await loadObject(client, { ...openArgs(object, cpus, targets), ...token }, names);
		for (const handle of [result.handle, ...targets.values()])
			if (handle !== undefined) await client.call("object_close", { object: handle });
		if (client === guest.client) await client.call("file_remove", { path: guestPath(object) });
		const { unopened } = result;
		return unopened ? { ...result, refused: new Map(names.map((name) => [name, unopened])) } : result;
	}
}
