// SPDX-License-Identifier: Apache-2.0

import type { Reason } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { anyName, tokenKinds } from "../../data/package/sections/token.js";
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { Workbench } from "../../lab/check.js";
import { type Delegation, delegationOf, everything } from "./model/delegation.js";
import { likelyDelegation } from "./model/likely-delegation.js";
import { smallestDelegation } from "./model/smallest-delegation.js";
import { PackageTrials } from "./package-trials.js";
import { TokensMissing } from "./token-support.js";

/** The token that a package needs on one kernel. */
export interface Inference {
	/** Works with this and not without any one grant; both tried. Absent with a `reason`. */
	smallest?: Delegation;
	/** How often an object, or vectors of it, was tried with a delegation. */
	trials: number;
	/** Wall clock on the host, without starting the guest. */
	ms: number;
	/** Why there is none. */
	reason?: Reason;
	/** Programs, by case name, that load only as root of the initial user namespace. */
	ungrantable: string[];
	/** What loads with a token but does not attach, and why. */
	notAttached: Record<string, string>;
}

/** Finds by trying the smallest delegation for a package; declared grants are preferred. */
export async function inferToken(pkg: Package, bench: Workbench): Promise<Inference> {
	const none = { trials: 0, ms: 0, ungrantable: [], notAttached: {} };
	await bench.guest();
	const start = performance.now();
	let tried: PackageTrials;
	try {
		tried = await PackageTrials.open(pkg, bench);
	} catch (error) {
		if (!(error instanceof TokensMissing)) throw error;
		return { ...none, reason: error.reason };
	}
	try {
		const { use, ungrantable } = await tried.widest();
		const seen = { ungrantable: [...ungrantable.keys()], notAttached: Object.fromEntries(use.notAttached) };
		if (use.loaded.length === 0)
			return { ...none, ...seen, reason: reasonSaying("not-loaded", nothingLoads(bench.kernel.id)) };
		const search = await smallest(tried);
		return { ...seen, ...search, ms: Math.round(performance.now() - start) };
	} finally {
		await tried.close();
	}
}

async function smallest(tried: PackageTrials): Promise<Pick<Inference, "smallest" | "trials" | "reason">> {
	const { pkg } = tried;
	const first = named(delegationOf(pkg.manifest.token), likelyDelegation(pkg));
	const found = await smallestDelegation(first, everything, await tried.parts());
	return found
		? { smallest: found.delegation, trials: found.trials }
		: { trials: 0, reason: reason("token-not-found") };
}

/** With the likely names in place of `any`. */
function named(declared: Delegation, likely: Delegation): Delegation {
	const kinds = tokenKinds.map((kind) => [
		kind,
		declared[kind].includes(anyName) ? likely[kind] : declared[kind],
	]);
	return Object.fromEntries(kinds) as Delegation;
}

/** Whether each delegation is enough on this kernel: several kernels may need different ones. */
export async function areEnough(
	pkg: Package,
	bench: Workbench,
	delegations: readonly Delegation[],
): Promise<boolean[]> {
	const tried = await PackageTrials.open(pkg, bench);
	try {
		const answers: boolean[] = [];
		for (const delegation of delegations) answers.push(await tried.works(delegation));
		return answers;
	} finally {
		await tried.close();
	}
}

const nothingLoads = (kernel: string) => `no program of the package loads with any token on ${kernel}`;
