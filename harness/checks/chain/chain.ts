// SPDX-License-Identifier: Apache-2.0

import { Type } from "@sinclair/typebox";
import type { Package } from "../../data/package/package.js";
import { Chain } from "../../data/package/sections/chain.js";
import type { ChainSource } from "../../data/package/sections/chain-file.js";
import { possibleMechanisms } from "../../data/package/sections/chain-rules.js";
import type { Check, CheckContext, Finding, Workbench } from "../../lab/check.js";
import { runCases } from "../../lab/run-cases.js";
import type { Lack } from "../../machine/features/missing.js";
import type { Guest } from "../../machine/vm/guest.js";
import { atomic } from "./cases/atomic.js";
import { limits, neighbours } from "./cases/bounds.js";
import { insertions, losses, removals, replacements, stops } from "./cases/changes.js";
import { orders } from "./cases/orders.js";
import { promises } from "./cases/promises.js";
import { permutations, reorderings, twice } from "./cases/rebuilds.js";
import { expediteGracePeriods } from "./grace-periods.js";
import { loaderCases } from "./loader.js";
import { BuildError, type Mechanism, type Stage } from "./mechanism.js";
import { mechanisms } from "./mechanisms/mechanisms.js";
import { absentPackages, chainsOf, type DeclaredChain, declaredChain, tellerOf } from "./model/declared.js";
import { refused, type Scene } from "./scene.js";

const groups = [
	stops,
	insertions,
	removals,
	losses,
	replacements,
	reorderings,
	twice,
	permutations,
	limits,
	neighbours,
	promises,
	atomic,
];

/**
 * Are the members of each chain in the order that the manifest promises, and does a packet meet
 * them in that order? Builds each chain in the guest, sends live packets through it, and changes it
 * in every way in which an orchestrator would.
 */
export const chainCheck: Check = {
	name: "chain",
	summary: "are the programs of each chain configured, and run, in the declared order?",
	section: { key: "chains", schema: Type.Array(Chain) },
	suits: (pkg, context) => sourcesOf(pkg, context).length > 0,
	create: (context) => ({
		cases: (pkg) => sourcesOf(pkg, context).flatMap(casesOf),
		async *run(pkg, bench) {
			const { packages } = context;
			const among = packages.includes(pkg) ? packages : [pkg];
			for (const source of sourcesOf(pkg, context)) yield* runChain(source, among, bench);
		},
	}),
};

/** The chains of the package's manifest, and those of chain files that the package reports. */
function sourcesOf(pkg: Package, { chains, packages }: CheckContext): ChainSource[] {
	return [...chainsOf([pkg]), ...chains.filter((source) => tellerOf(source, packages) === pkg)];
}

/** Those that there are of every chain. */
function casesOf({ chain: { name, loader } }: ChainSource): string[] {
	const orders = [`${name}/configured`, `${name}/executed`];
	return loader ? [`${name}/loader`, ...orders] : orders;
}

async function* runChain(
	source: ChainSource,
	packages: readonly Package[],
	bench: Workbench,
): AsyncIterable<Finding> {
	const { name } = source.chain;
	const absent = absentPackages(source, packages);
	if (absent.length > 0) {
		const reason = {
			code: "package-absent",
			message: `${name} has members of ${absent.join(" and ")}, which ${absent.length === 1 ? "is" : "are"} not among the packages of this run`,
			hint: "name it after this one: bpfgate test <this> <that>",
		};
		for (const each of casesOf(source)) yield { case: each, outcome: "skip", reason, evidence: { absent } };
		return;
	}
	yield* runCases(bench, {
		cases: casesOf(source),
		leftovers: `${name}/leftovers`,
		after: `the chain ${name} was taken apart`,
		run: () => tryChain(source, packages, bench),
	});
}

async function* tryChain(
	source: ChainSource,
	packages: readonly Package[],
	bench: Workbench,
): AsyncIterable<Finding> {
	const { chain, mechanism, lack } = await choose(source, packages, bench);
	const cases = casesOf(source);
	if (lack) {
		const reason = { code: `mechanism-${lack.state}`, message: lack.message, hint: lack.hint };
		for (const each of cases) yield { case: each, outcome: "skip", reason, evidence: { lacks: lack.state } };
		return;
	}
	const { loader } = chain;
	if (loader) {
		yield* loaderCases({ ...chain, loader }, bench);
		return;
	}
	const guest = await bench.guest();
	const restore = await expediteGracePeriods(guest);
	try {
		yield* onStage(chain, mechanism, guest, cases);
	} finally {
		await restore();
	}
}

async function* onStage(
	chain: DeclaredChain,
	mechanism: Mechanism,
	guest: Guest,
	cases: readonly string[],
): AsyncIterable<Finding> {
	let stage: Stage | undefined;
	try {
		stage = await mechanism.open(chain, guest);
		const members = chain.members.map((member) => ({ member, program: "first" as const }));
		const scene: Scene = { chain, mechanism, stage, members };
		const built = await stage.build(members);
		try {
			yield* orders(scene, built);
		} finally {
			await built.close();
		}
		for (const group of groups) yield* group(scene);
	} catch (error) {
		if (!(error instanceof BuildError)) throw error;
		for (const each of cases) yield refused(chain, each, error);
	} finally {
		await stage?.close();
	}
}

/**
 * Of the mechanisms that can make the chain the first that the kernel has; of none, the first and
 * what it lacks.
 */
async function choose(source: ChainSource, packages: readonly Package[], bench: Workbench) {
	const lacking: { chain: DeclaredChain; mechanism: Mechanism; lack: Lack }[] = [];
	for (const name of possibleMechanisms(source.chain)) {
		const mechanism = mechanisms.get(name);
		if (!mechanism) throw new Error(`nobody makes chains by ${name}`);
		const chain = declaredChain(source, packages, new Set([name]));
		const lack = await mechanism.lack(chain, bench);
		if (!lack) return { chain, mechanism, lack };
		lacking.push({ chain, mechanism, lack });
	}
	return lacking[0]!;
}
