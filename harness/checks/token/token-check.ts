// SPDX-License-Identifier: Apache-2.0

import type { Reason } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { TokenSettings } from "../../data/package/sections/token.js";
import type { Check, Finding, Workbench } from "../../lab/check.js";
import { runCases } from "../../lab/run-cases.js";
import { GuestError } from "../../machine/guest/client.js";
import { declaredOutcome, noTokenOutcome, withoutOutcome } from "./declared-token.js";
import { implicitPathOutcome, lifeCases, lifeOutcome } from "./lives.js";
import { type Delegation, delegationOf, grantName, grantsOf } from "./model/delegation.js";
import { TokenScene } from "./package-trials.js";
import { delegationEvidence, type Outcome, skipped } from "./token-evidence.js";
import { noNamespaces, whyNoTokens } from "./token-support.js";
import { infoOutcome } from "./told.js";
import { undeclaredGrants, undeclaredOutcome } from "./undeclared-grants.js";

/**
 * Does a package work for a user without privileges with exactly the BPF token that its manifest
 * declares? Cases `declared`, `no-token`, `without-<kind>/<name>` for each grant,
 * `undeclared/<kind>/<name>` for what could do harm and is not declared, and what becomes of
 * tokens: `other-namespace`, `initial-namespace`, `sub-directory`, `after-unmount`,
 * `after-grantor-died`, `other-user`, `fd-passed`, `both-ways`, `group-mount`, `dropped`,
 * `implicit-path`, and `info`, which the kernel tells of one.
 */
export const tokenCheck: Check = {
	name: "token",

	summary: "does the package work with exactly the BPF token that its manifest declares?",
	section: { key: "token", schema: TokenSettings },
	suits: (pkg) => pkg.manifest.token !== undefined,
	create: () => ({
		cases: casesOf,

		run: (pkg, bench) =>
			runCases(bench, {
				cases: casesOf(pkg),
				after: "all users with tokens are gone",
				run: () => findings(pkg, bench),
			}),
	}),
};

function casesOf(pkg: Package): string[] {
	return steps(delegationOf(pkg.manifest.token)).map(({ name }) => name);
}

/** A case, and how it is found out; `package` ones need a package that loads at all. */
interface Step {
	name: string;
	package: boolean;
	run(scene: TokenScene): Promise<Outcome>;
}

function steps(declared: Delegation): Step[] {
	return [
		{ name: "declared", package: true, run: declaredOutcome },
		{ name: "no-token", package: true, run: noTokenOutcome },
		...grantsOf(declared).map((grant) => ({
			name: `without-${grantName(grant)}`,
			package: true,
			run: (scene: TokenScene) => withoutOutcome(scene, grant),
		})),
		{ name: "implicit-path", package: true, run: implicitPathOutcome },
		...undeclaredGrants(declared).map((grant) => ({
			name: `undeclared/${grantName(grant)}`,
			package: false,
			run: (scene: TokenScene) => undeclaredOutcome(scene, grant),
		})),
		{ name: "info", package: false, run: infoOutcome },
		...lifeCases.map(({ name, run }) => ({
			name,
			package: false,
			async run(scene: TokenScene) {
				const call = await scene.sample();
				return call
					? lifeOutcome(await run(scene, call))
					: skipped(nothingToTry, delegationEvidence(declared));
			},
		})),
	];
}

const nothingToTry: Reason = {
	code: "token-without-use",
	message:
		"the declared token allows no call of bpf(2) by itself, so nothing can be done with it to see what becomes of it",
	hint: "see declared: it says what the token lacks",
};

async function* findings(pkg: Package, bench: Workbench): AsyncIterable<Finding> {
	const all = steps(delegationOf(pkg.manifest.token));
	const why = await whyNoTokens(await bench.guest());
	if (why) {
		for (const { name } of all) yield { case: name, ...skipped(why, { state: "unsupported" }) };
		return;
	}
	let scene: TokenScene;
	try {
		scene = await TokenScene.open(pkg, bench);
	} catch (error) {
		if (!(error instanceof GuestError) || error.op !== "user_start") throw error;
		const reason = noNamespaces(bench.kernel, error);
		for (const { name } of all) yield { case: name, ...skipped(reason, { state: "disabled" }) };
		return;
	}
	try {
		yield* inScene(all, scene);
	} finally {
		await scene.close();
	}
}

async function* inScene(all: readonly Step[], scene: TokenScene): AsyncIterable<Finding> {
	const { use, ungrantable } = await scene.baseline();
	const nothing = use.loaded.length + ungrantable.size === 0 ? nothingLoads(scene.bench) : undefined;
	let works = true;
	for (const step of all) {
		const untold = works || step.name === "no-token" ? undefined : notDeclared;
		const why: Reason | undefined = step.package ? (nothing ?? untold) : undefined;
		const finding: Finding = {
			case: step.name,
			...(why ? skipped(why, delegationEvidence(scene.declared)) : await step.run(scene)),
		};
		if (step.name === "declared") works = finding.outcome === "pass";
		yield finding;
	}
}

function nothingLoads({ kernel }: Workbench): Reason {
	return {
		code: "not-loaded",
		message: `nothing of the package loads on kernel ${kernel.id}, whoever loads it`,
		hint: "see the load check, which says why",
	};
}

const notDeclared: Reason = {
	code: "not-loaded",
	message:
		"with the declared token the package does not work, so leaving a part of it out would tell nothing",
	hint: "see declared",
};
