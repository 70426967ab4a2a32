// SPDX-License-Identifier: Apache-2.0
import { isCapable } from "../../data/package/capable.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import type { Workbench } from "../../lab/check.js";
import { AttachPoints } from "../../lab/subject/attach/attach-points.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { type LoadedObject, loadObject } from "../../lab/subject/load/load-object.js";
import { guestPath, openArgs, wantedPrograms } from "../../lab/subject/load/open-args.js";
import { loadTargets, targetObjects } from "../../lab/subject/load/targets.js";
import type { GuestClient } from "../../machine/guest/client.js";
import { type Delegation, delegationOf, doesGrant, everything, type Grant } from "./model/delegation.js";
import { likelyDelegation } from "./model/likely-delegation.js";
import type { Part } from "./model/smallest-delegation.js";
import {
	EndsItsUser,
	type PackageUse,
	type Refused,
	type TokenUser,
	together,
	type UsedPackage,
	useObject,
	withWholeLog,
} from "./package-use.js";
import { TokenSession } from "./token-session.js";
import { failures, type GroupedVectors, groupedVectors, type VectorGroup } from "./token-vectors.js";
import type { Trial, TrialVectors, WidestUse } from "./trial.js";

/** Tries one package with delegations, in a session of its own. */
export class PackageTrials {
	/** What the manifest declares. */
	readonly declared: Delegation;
	#session: TokenSession;
	#points: AttachPoints;
	/** Of each vector that once failed: does it pass for root and with everything delegated? */
	readonly #passes = new Map<PreparedVector, boolean>();
	/** Objects that a process keeps loaded for those that extend them, by the latter's file. */
	/** Whether something of the package was attached or run in this guest. */
	#ran = false;
	readonly #kept = new Map<GuestClient, Map<string, Promise<Map<string, number>>>>();
	#widest: Promise<WidestUse> | undefined;

	private constructor(
		readonly pkg: Package,
		readonly bench: Workbench,
		session: TokenSession,
	) {
		this.declared = delegationOf(pkg.manifest.token);
		this.#session = session;
		this.#points = pointsOf(session, bench);
	}

	/** @throws TokensMissing where there are no tokens */
	static async open(pkg: Package, bench: Workbench): Promise<PackageTrials> {
		return new PackageTrials(pkg, bench, await TokenSession.open(await bench.guest()));
	}

	get session(): TokenSession {
		return this.#session;
	}

	/**
	 * Goes on in a fresh guest when the package has a program that can change what the agent says
	 * (data/package/capable.ts): what one did in an earlier trial decides nothing about the next.
	 */
	async isolate(): Promise<void> {
		if (!this.#isCapable || !this.#ran) return;
		await this.close();
		await this.bench.spoil();
		this.#ran = false;
		this.#kept.clear();
		this.#session = await TokenSession.open(await this.bench.guest());
		this.#points = pointsOf(this.#session, this.bench);
	}

	get #isCapable(): boolean {
		return this.pkg.objects.some(({ programs }) => programs.some(isCapable));
	}

	/** For the next object; in a fresh guest where a program can change what the agent says. */
	async #nextUser(user: TokenUser, delegation: Delegation): Promise<TokenUser> {
		if (!this.#isCapable || !this.#ran) return user;
		await this.isolate();
		return this.#userOf(delegation);
	}

	/** A process with the declared capabilities. */
	declaredUser(): Promise<GuestClient> {
		return this.session.user(this.declared.capabilities);
	}

	/** Whether everything works that works with everything delegated. */
	async works(delegation: Delegation): Promise<boolean> {
		for (const part of await this.parts()) if (!(await part.works(delegation))) return false;
		return true;
	}

	/**
	 * The package in parts that work or do not whatever the others do: each object, which is loaded
	 * and attached, and the first vector of each program. Those that take least time come first.
	 */
	async parts(): Promise<Part[]> {
		await this.widest();
		const size = ({ bytes }: PackageObject) => bytes.length;
		const objects = [...this.pkg.objects].sort((a, b) => size(a) - size(b));
		const { groups } = groupedVectors(this.pkg, { each: true });
		return [
			...objects.map((object) => ({
				likely: likelyDelegation({ objects: [object, ...targetObjects(this.pkg, object)] }),
				works: (delegation: Delegation) => this.#objectWorks(object, delegation),
			})),
			...groups.map((group) => ({
				likely: likelyDelegation({ objects: [group.object] }),
				works: async (delegation: Delegation) =>
					(await this.#runVectors(group, await this.#userOf(delegation))).failed.length === 0,
			})),
		];
	}

	/**
	 * What the package does with a delegation, up to the first refusal.
	 *
	 * @param missing a grant that is not delegated: objects that probably need it are tried first
	 * @param each the first vector of each program alone
	 */
	async try(
		delegation: Delegation,
		{ missing, each = true }: { missing?: Grant; each?: boolean } = {},
	): Promise<Trial> {
		let user = await this.#userOf(delegation);
		const grouped = groupedVectors(this.pkg, { each });
		const none = { passed: 0, failed: [], unreadable: [] };
		const uses: PackageUse[] = [];
		for (const object of suspectsFirst(this.pkg.objects, missing)) {
			if (uses.length > 0) user = await this.#nextUser(user, delegation);
			const { lost, ...use } = await this.#useObject(object, user);
			uses.push(use);
			if (use.refused) use.refused = await this.#explained(use.refused, user);
			if (use.refused || lost.length > 0) return { use: together(uses), lost, vectors: none };
		}
		return { use: together(uses), lost: [], vectors: await this.#vectors(grouped, user, delegation) };
	}

	/** Loads and attaches what any token can authorise. */
	async use(user: TokenUser): Promise<PackageUse> {
		const used = this.#used(await this.widest());
		const uses: PackageUse[] = [];
		for (const object of this.pkg.objects) {
			const use = await this.#attaching(useObject(used, object, user));
			uses.push(use);
			if (use.refused) break;
		}
		return together(uses);
	}

	widest(): Promise<WidestUse> {
		this.#widest ??= this.#tryEverything();
		return this.#widest;
	}

	async close(): Promise<void> {
		await this.#points.remove();
		await this.session.close();
	}

	#used({ leftOut, harmful }: Pick<WidestUse, "leftOut" | "harmful">): UsedPackage {
		return { session: this.session, pkg: this.pkg, points: this.#points, leftOut, unattached: harmful };
	}

	async #userOf(delegation: Delegation): Promise<TokenUser> {
		const client = await this.session.user(delegation.capabilities);
		return { client, tokenPath: await this.session.bpffs(delegation) };
	}

	async #objectWorks(object: PackageObject, delegation: Delegation): Promise<boolean> {
		const user = await this.#userOf(delegation);
		const works = async (targets?: ReadonlyMap<string, number>) => {
			const { refused, lost } = await this.#useObject(object, user, targets);
			return refused === undefined && lost.length === 0;
		};
		if (targetObjects(this.pkg, object).length === 0) return works();
		// What is refused with targets that had everything delegated is refused with any others.
		return (await works(await this.#keptTargets(object, user))) && works();
	}

	/** The objects that this one extends, loaded by that process with everything delegated. */
	#keptTargets(object: PackageObject, { client }: TokenUser): Promise<Map<string, number>> {
		const kept = this.#kept.get(client) ?? new Map<string, Promise<Map<string, number>>>();
		this.#kept.set(client, kept);
		const load = async () => {
			const { cpus } = this.session.guest.greeting;
			const token_path = await this.session.bpffs(everything);
			return loadTargets(this.pkg, object, client, cpus, { token_path });
		};
		const targets = kept.get(object.file) ?? load();
		kept.set(object.file, targets);
		return targets;
	}

	/** @returns also what attaches with everything delegated, but does not here */
	async #useObject(
		object: PackageObject,
		user: TokenUser,
		targets?: ReadonlyMap<string, number>,
	): Promise<PackageUse & { lost: string[] }> {
		const widest = await this.widest();
		const use = await this.#attaching(useObject(this.#used(widest), object, user, targets));
		const expected = use.refused ? [] : (widest.attached.get(object.file) ?? []);
		return { ...use, lost: expected.filter((name) => !use.attached.includes(name)) };
	}

	/** Notes that something may have run, unless nothing was loaded. */
	async #attaching(using: Promise<PackageUse>): Promise<PackageUse> {
		const ran = this.#ran;
		this.#ran = true;
		const use = await using;
		this.#ran = ran || use.refused === undefined;
		return use;
	}

	async #explained(refused: Refused, user: TokenUser): Promise<Refused> {
		return withWholeLog(this.#used(await this.widest()), refused, user);
	}

	async #vectors(
		{ groups, unreadable }: GroupedVectors,
		first: TokenUser,
		delegation: Delegation,
	): Promise<TrialVectors> {
		const seen: TrialVectors = { passed: 0, failed: [], unreadable };
		let user = first;
		let before = this.pkg.objects.length > 1 ? undefined : this.pkg.objects[0];
		for (const group of groups) {
			if (group.object !== before) user = await this.#nextUser(user, delegation);
			before = group.object;
			const { passed, failed } = await this.#runVectors(group, user);
			seen.passed += passed;
			seen.failed.push(...failed);
		}
		return seen;
	}

	async #runVectors(group: VectorGroup, user: TokenUser): Promise<Omit<TrialVectors, "unreadable">> {
		this.#ran = true;
		const failed = await failures(group, this.session, user);
		const unknown = [...failed.keys()].filter((vector) => !this.#passes.has(vector));
		for (const reference of [undefined, await this.#userOf(everything)]) {
			const vectors = unknown.filter((vector) => this.#passes.get(vector) ?? true);
			const alsoFailed = await failures({ ...group, vectors }, this.session, reference);
			for (const vector of vectors) this.#passes.set(vector, !alsoFailed.has(vector));
		}
		const counted = [...failed].filter(([vector]) => this.#passes.get(vector));
		return {
			passed: group.vectors.length - failed.size,
			failed: counted.map(([vector, why]) => ({ case: vector.case, why })),
		};
	}

	async #tryEverything(): Promise<WidestUse> {
		const { pkg } = this;
		let user = await this.#userOf(everything);
		const ungrantable = new Map<string, Refused>();
		const unloadable: string[] = [];
		const leftOut = new Set<string>();
		const harmful = new Map<string, string>();
		const useSurviving = async (object: PackageObject): Promise<PackageUse> => {
			for (;;)
				try {
					return await this.#attaching(useObject(this.#used({ leftOut, harmful }), object, user));
				} catch (error) {
					// Each is found once: the next attempt leaves it out.
					if (!(error instanceof EndsItsUser) || harmful.has(error.attachable)) throw error;
					harmful.set(error.attachable, error.message);
					user = { ...user, client: await this.session.replace(everything.capabilities) };
				}
		};
		const nameOf = caseNames(pkg);
		const uses: PackageUse[] = [];
		const attached = new Map<string, readonly string[]>();
		for (const object of pkg.objects) {
			if (uses.length > 0) user = await this.#nextUser(user, everything);
			let use = await useSurviving(object);
			if (use.refused) {
				const withToken = await this.#load(object, user);
				const root = this.session.guest.client;
				const asRoot = await this.#load(object, { client: root, tokenPath: "" });
				for (const [name, { errno, verifierLog, libbpfLog }] of withToken.refused) {
					leftOut.add(`${object.file}/${name}`);
					const caseName = nameOf(object, name);
					if (asRoot.loaded.has(name))
						ungrantable.set(caseName, { object, what: "program", name, errno, verifierLog, libbpfLog });
					else unloadable.push(caseName);
				}
				use = await useSurviving(object);
			}
			uses.push(use);
			attached.set(object.file, use.attached);
		}
		return { use: together(uses), ungrantable, unloadable, harmful, leftOut, attached };
	}

	/** How an object loads, program by program; it is unloaded again. */
	async #load(object: PackageObject, { client, tokenPath = "" }: TokenUser): Promise<LoadedObject> {
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

const pointsOf = ({ guest, ownerClient }: TokenSession, bench: Workbench) =>
	new AttachPoints(guest.client, bench, ownerClient);

/** Objects that probably need the grant, before all others. */
function suspectsFirst(objects: readonly PackageObject[], grant?: Grant): readonly PackageObject[] {
	if (!grant) return objects;
	const suspect = (object: PackageObject) => doesGrant(likelyDelegation({ objects: [object] }), grant);
	return [...objects.filter(suspect), ...objects.filter((object) => !suspect(object))];
}
