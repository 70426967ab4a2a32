// SPDX-License-Identifier: Apache-2.0

import type { Package } from "../../data/package/package.js";
import type { Workbench } from "../../lab/check.js";
import { AttachPoints } from "../../lab/subject/attach/attach-points.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { type GuestClient, GuestError } from "../../machine/guest/client.js";
import { type Baseline, baselineOf } from "./baseline.js";
import { type Delegation, delegationOf, everything } from "./model/delegation.js";
import { mountMasks } from "./model/mount-options.js";
import type { Use } from "./package-use.js";
import { sampleCall } from "./sample.js";
import { type BareCall, tryBare } from "./token-call.js";
import { TokenWorld } from "./token-session.js";
import { type VectorsSeen, vectorsWithToken } from "./token-vectors.js";

/** What a package did, as a user with a token. */
export interface Work {
	use: Use;
	/** What is attached with everything delegated, and not here. */
	lost: string[];
	/** Without those that do not pass with everything delegated either. */
	vectors: VectorsSeen;
}

/** Whether it did less than with everything delegated. */
export function fallsShort({ use, lost, vectors }: Work): boolean {
	return use.refused !== undefined || lost.length > 0 || vectors.failed.length > 0;
}

const optionsOf = (delegation: Delegation) => JSON.stringify(mountMasks(delegation));

/** Everything that the cases of a package work with in one guest. */
export class TokenScene {
	/** What the manifest declares. */
	readonly declared: Delegation;
	readonly #points: AttachPoints;
	#baseline: Promise<Baseline> | undefined;
	#declaredPath: Promise<string> | undefined;
	#everythingPath: Promise<string> | undefined;
	/** What was tried last, other than those. */
	#mounted: { options: string; path: string } | undefined;
	readonly #ownerTokens = new Map<string, Promise<Held | undefined>>();
	#sample: Promise<BareCall | undefined> | undefined;

	private constructor(
		readonly pkg: Package,
		readonly bench: Workbench,
		readonly world: TokenWorld,
	) {
		this.declared = delegationOf(pkg.manifest.token);
		this.#points = new AttachPoints(world.guest.client, bench, world.ownerClient);
	}

	/** @throws GuestError where nobody without privileges gets a user namespace */
	static async open(pkg: Package, bench: Workbench): Promise<TokenScene> {
		return new TokenScene(pkg, bench, await TokenWorld.open(await bench.guest()));
	}

	baseline(): Promise<Baseline> {
		this.#baseline ??= this.everythingPath().then((path) =>
			baselineOf(this.pkg, this.world, this.#points, path),
		);
		return this.#baseline;
	}

	/** A bpffs that delegates what is declared; the same one each time. */
	declaredPath(): Promise<string> {
		this.#declaredPath ??= this.world.mount(this.declared);
		return this.#declaredPath;
	}

	everythingPath(): Promise<string> {
		this.#everythingPath ??= this.world.mount(everything);
		return this.#everythingPath;
	}

	/** A call that the declared token allows; undefined when it allows none. */
	sample(): Promise<BareCall | undefined> {
		this.#sample ??= sampleCall(this);
		return this.#sample;
	}

	/**
	 * A token of everything or of what is declared, which somebody with every capability holds;
	 * undefined when nothing is.
	 */
	ownerToken(what: "declared" | "everything"): Promise<Held | undefined> {
		const known = this.#ownerTokens.get(what) ?? this.#makeOwnerToken(what);
		this.#ownerTokens.set(what, known);
		return known;
	}

	async #makeOwnerToken(what: "declared" | "everything"): Promise<Held | undefined> {
		const path = await (what === "declared" ? this.declaredPath() : this.everythingPath());
		try {
			return await this.world.ownerClient.call("token_create", { path });
		} catch (error) {
			if (error instanceof GuestError && error.errnoName === "ENOENT") return undefined;
			throw error;
		}
	}

	/** Who has the capabilities that are declared. */
	declaredUser(): Promise<GuestClient> {
		return this.world.user(this.declared.capabilities);
	}

	/** Whether everything works that works with everything delegated. */
	async works(delegation: Delegation): Promise<boolean> {
		return !fallsShort(await this.withDelegation(delegation));
	}

	/**
	 * What the package does with a delegation; of its vectors the first of each program are run.
	 */
	async withDelegation(delegation: Delegation): Promise<Work> {
		const path = await this.#pathOf(delegation);
		return this.work(await this.world.user(delegation.capabilities), path, { each: true });
	}

	/**
	 * A bpffs that delegates it: of delegations in turn that differ in capabilities alone the same
	 * one.
	 */
	async #pathOf(delegation: Delegation): Promise<string> {
		const options = optionsOf(delegation);
		if (options === optionsOf(this.declared)) return this.declaredPath();
		if (this.#mounted?.options !== options) {
			const last = this.#mounted;
			this.#mounted = undefined;
			if (last) await this.world.unmount(last.path);
			this.#mounted = { options, path: await this.world.mount(delegation) };
		}
		return this.#mounted.path;
	}

	/**
	 * What the package does for a user with the delegation of the bpffs at `path`. @param each of
	 * vectors the first of each program
	 */
	async work(client: GuestClient, path: string, { each = false } = {}): Promise<Work> {
		const { user, use: most, beyond } = await this.baseline();
		const use = await user.use(client, path);
		const lost = use.refused ? [] : most.attached.filter((name) => !use.attached.includes(name));
		if (use.refused || lost.length > 0) return { use, lost, vectors: { passed: 0, failed: [] } };
		const { passed, failed } = await vectorsWithToken(user, client, path, { each });
		return { use, lost, vectors: { passed, failed: failed.filter(({ case: name }) => !beyond.has(name)) } };
	}

	/**
	 * Makes a bare call as that user, with a token of the bpffs at `path`. @returns errno; of
	 * making the token, where that fails
	 */
	async tryAt(client: GuestClient, path: string, call: BareCall): Promise<number> {
		try {
			const token = await client.call("token_create", { path });
			try {
				return await tryBare(client, call, token);
			} finally {
				await client.call("close", token);
			}
		} catch (error) {
			if (error instanceof GuestError) return error.errno;
			throw error;
		}
	}

	async close(): Promise<void> {
		await this.#points.remove();
		await this.world.close();
	}
}
