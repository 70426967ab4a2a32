// SPDX-License-Identifier: Apache-2.0

import type { Reason } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { anyName, tokenKinds } from "../../data/package/sections/token.js";
import type { Workbench } from "../../lab/check.js";
import { GuestError } from "../../machine/guest/client.js";
import { type Delegation, delegationOf, everything, including } from "./model/delegation.js";
import { likelyDelegation } from "./model/likely-delegation.js";
import { smallestAddition, smallestDelegation } from "./model/smallest-delegation.js";
import { TokenScene } from "./package-trials.js";
import { noNamespaces, whyNoTokens } from "./token-support.js";

/** What a package needs of a token on one kernel. */
export interface Inference {
	/**
	 * With this it works, and with any part less it does not, as was tried; absent where there is a
	 * `reason`.
	 */
	smallest?: Delegation;
	/** How many delegations were tried. */
	trials: number;
	/** Wall clock on the host, once the guest was there. */
	ms: number;
	/** Why there is none. */
	reason?: Reason;
	/** Programs, by name of their case, that load for root of the machine alone. */
	ungrantable: string[];
	/** What loads with a token and is not attached with it, and why. */
	notAttached: Record<string, string>;
}

/**
 * Finds by trying the smallest delegation with which a package loads, attaches what can be attached
 * with a token, and runs a vector of each program. What its manifest declares is kept where it can
 * be.
 */
export async function inferToken(pkg: Package, bench: Workbench): Promise<Inference> {
	const none = { trials: 0, ms: 0, ungrantable: [], notAttached: {} };
	const guest = await bench.guest();
	const start = performance.now();
	const why = await whyNoTokens(guest);
	if (why) return { ...none, reason: why };
	let scene: TokenScene;
	try {
		scene = await TokenScene.open(pkg, bench);
	} catch (error) {
		if (!(error instanceof GuestError) || error.op !== "user_start") throw error;
		return { ...none, reason: noNamespaces(bench.kernel, error) };
	}
	try {
		const { use, ungrantable } = await scene.baseline();
		const seen = { ungrantable: [...ungrantable.keys()], notAttached: Object.fromEntries(use.notAttached) };
		if (use.loaded.length === 0) return { ...none, ...seen, reason: nothingLoads(bench.kernel.id) };
		const search = await smallest(pkg, scene);
		return { ...seen, ...search, ms: Math.round(performance.now() - start) };
	} finally {
		await scene.close();
	}
}

async function smallest(
	pkg: Package,
	scene: TokenScene,
): Promise<Pick<Inference, "smallest" | "trials" | "reason">> {
	let trials = 0;
	const works = (delegation: Delegation) => {
		trials++;
		return scene.works(delegation);
	};
	const likely = likelyDelegation(pkg);
	let first = pkg.manifest.token ? named(delegationOf(pkg.manifest.token), likely) : likely;
	if (!(await works(first))) {
		const missing = await smallestAddition(first, likely, everything, works);
		if (!missing) return { trials, reason: notFound };
		first = including(first, ...missing);
	}
	const found = await smallestDelegation(first, everything, works);
	return found ? { smallest: found.delegation, trials } : { trials, reason: notFound };
}

/** Names in place of `any`. */
function named(declared: Delegation, likely: Delegation): Delegation {
	const kinds = tokenKinds.map((kind) => [
		kind,
		declared[kind].includes(anyName) ? likely[kind] : declared[kind],
	]);
	return Object.fromEntries(kinds) as Delegation;
}

/**
 * Of each delegation, whether it is enough on this kernel: of several kernels each has its own
 * smallest.
 */
export async function areEnough(
	pkg: Package,
	bench: Workbench,
	delegations: readonly Delegation[],
): Promise<boolean[]> {
	const scene = await TokenScene.open(pkg, bench);
	try {
		const answers: boolean[] = [];
		for (const delegation of delegations) answers.push(await scene.works(delegation));
		return answers;
	} finally {
		await scene.close();
	}
}

const notFound: Reason = {
	code: "token-not-found",
	message:
		"the package works with everything delegated and does not a second time, so what it needs cannot be told",
	hint: "look for what it leaves behind: pins, or settings that its programs change",
};

function nothingLoads(kernel: string): Reason {
	return {
		code: "not-loaded",
		message: `nothing of the package loads with any token on kernel ${kernel}`,
		hint: "see the load check, which says what root of the machine is told",
	};
}
