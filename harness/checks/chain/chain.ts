// SPDX-License-Identifier: Apache-2.0

import { Type } from "@sinclair/typebox";
import type { Package } from "../../data/package/package.js";
import { Chain } from "../../data/package/sections/chain.js";
import type { ChainSource } from "../../data/package/sections/chain-file.js";
import { possibleMechanisms } from "../../data/package/sections/chain-rules.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { Check, CheckContext, Finding, Workbench } from "../../lab/check.js";
import { skipped } from "../../lab/findings.js";
import { runCases } from "../../lab/run-cases.js";
import type { Lack } from "../../machine/features/missing.js";
import type { Guest } from "../../machine/vm/guest.js";
import { detachments, earlyEnds, insertions, removals, replacements } from "./cases/member-changes.js";
import { orders } from "./cases/orders.js";
import { attachOrders, rebuild, reorderings } from "./cases/rebuilds.js";
import { promisesFinding } from "./cases/relied-promises.js";
import { replaceUnderTraffic } from "./cases/replace-under-traffic.js";
import { sharedPinFindings } from "./cases/shared-pins.js";
import { type ChainUnderTest, refused, withAttached } from "./chain-case.js";
import { builtCases, casesOf } from "./chain-cases.js";
import { loaderCases } from "./chain-loader.js";
import { expediteGracePeriods } from "./grace-periods.js";
import { type Mechanism, RefusedEntry } from "./mechanism.js";
import { mechanisms } from "./mechanisms/mechanisms.js";
import { reliance } from "./mechanisms/tail-call-reliance.js";
import {
	absentPackages,
	chainsOf,
	type DeclaredChain,
	declaredChain,
	memberPackages,
	reportingPackage,
} from "./model/declared-chain.js";

const groups = [
	...[earlyEnds, insertions, removals, detachments, replacements],
	...[reorderings, rebuild, attachOrders, replaceUnderTraffic],
];

/**
 * Are the members of each chain in the declared order, and do packets meet them in that order?
 * Builds each chain in the guest, sends live packets through it, and changes it in every way in
 * which a loader would.
 */
export const chainCheck: Check = {
	name: "chain",
	summary: "are the programs of each chain configured, and run, in the declared order?",
	section: { key: "chains", schema: Type.Array(Chain) },
	cites: ["chains"],
	suits: (pkg, context) => sourcesOf(pkg, context).length > 0,
	create: (context) => ({
		cases: (pkg) => sourcesOf(pkg, context).flatMap((source) => casesOf(source, among(pkg, context))),
		casesWith: (pkg) => casesWith(pkg, context),
		async *run(pkg, bench) {
			for (const source of sourcesOf(pkg, context)) yield* runChain(source, among(pkg, context), bench);
		},
	}),
};

const mechanismCodes = {
	unsupported: "mechanism-unsupported",
	disabled: "mechanism-disabled",
	"module-absent": "mechanism-module-absent",
} as const;

/** The chains of the package's manifest, and those of chain files that the package reports. */
function sourcesOf(pkg: Package, { chains, packages }: CheckContext): ChainSource[] {
	return [...chainsOf([pkg]), ...chains.filter((source) => reportingPackage(source, packages) === pkg)];
}

/** The packages that chains of this one may have members of. */
const among = (pkg: Package, { packages }: CheckContext) => (packages.includes(pkg) ? packages : [pkg]);

/** The cases of chains with a member of the package, whichever package reports them. */
function casesWith(pkg: Package, { chains, packages }: CheckContext) {
	return [...chainsOf(packages), ...chains].flatMap((source) => {
		const reporting = reportingPackage(source, packages);
		if (!reporting || !memberPackages(source, packages).includes(pkg)) return [];
		return [{ package: reporting.name, cases: `${source.chain.name}/*` }];
	});
}

async function* runChain(
	source: ChainSource,
	packages: readonly Package[],
	bench: Workbench,
): AsyncIterable<Finding> {
	const { name } = source.chain;
	const cases = casesOf(source, packages);
	const absent = absentPackages(source, packages);
	if (absent.length > 0) {
		const body = skipped(reason("package-absent", { chain: name, packages: absent }), { absent });
		for (const each of cases) yield { case: each, ...body };
		return;
	}
	yield* runCases(bench, {
		cases,
		leftovers: `${name}/leftovers`,
		after: `the chain ${name} was taken apart`,
		...(source.chain.loader ? { spoils: true } : {}),
		run: () => chainCases(source, packages, cases, bench),
	});
}

async function* chainCases(
	source: ChainSource,
	packages: readonly Package[],
	cases: readonly string[],
	bench: Workbench,
): AsyncIterable<Finding> {
	const { chain, mechanism, lack } = await choose(source, packages, bench);
	if (lack) {
		const { state, message, hint } = lack;
		const body = skipped({ ...reason(mechanismCodes[state]), message, hint }, { lacks: state });
		for (const each of cases) yield { case: each, ...body };
		return;
	}
	const { loader } = chain;
	if (loader) {
		yield* loaderCases({ ...chain, loader }, bench);
		return;
	}
	// Before there is a guest: the kernel may have to be asked, in guests of its own.
	const promises = mechanism.name === "tail_call" ? await bench.promises("chains") : undefined;
	const guest = await bench.guest();
	const restore = await expediteGracePeriods(guest);
	try {
		yield* onAttachPoint(chain, mechanism, guest);
	} finally {
		await restore();
	}
	if (promises)
		yield { case: `${chain.name}/promises`, ...promisesFinding(chain, promises, reliance(chain)) };
}

async function* onAttachPoint(
	chain: DeclaredChain,
	mechanism: Mechanism,
	guest: Guest,
): AsyncIterable<Finding> {
	const cases = builtCases(chain);
	const pins = await sharedPinFindings(chain, guest);
	yield* pins;
	const conflict = pins.find(({ outcome }) => outcome === "fail");
	if (conflict) {
		const unbuilt = skipped(reason("chain-unbuilt", { reported: conflict.case }), conflict.evidence);
		for (const each of cases) yield { case: each, ...unbuilt };
		return;
	}
	const attachPoint = await mechanism.open(chain, guest);
	try {
		const members = chain.members.map((member) => ({ member, program: "first" as const }));
		const subject: ChainUnderTest = { chain, mechanism, attachPoint, members };
		const built = await withAttached(attachPoint, members, (attached) => orders(subject, attached)).catch(
			(error: unknown) => {
				if (error instanceof RefusedEntry) return error;
				throw error;
			},
		);
		if (built instanceof RefusedEntry) {
			const body = refused(chain, built);
			const [first, ...others] = cases;
			yield { case: first, ...body };
			const unbuilt = skipped(reason("chain-unbuilt", { reported: first }), body.evidence);
			for (const each of others) yield { case: each, ...(body.outcome === "skip" ? body : unbuilt) };
			return;
		}
		const { findings, stoppers } = built;
		yield* findings;
		for (const group of groups) yield* group({ ...subject, stoppers });
	} finally {
		await attachPoint.close();
	}
}

/** The first possible mechanism that the kernel has; else the first, and what it lacks. */
async function choose(source: ChainSource, packages: readonly Package[], bench: Workbench) {
	const lacking: { chain: DeclaredChain; mechanism: Mechanism; lack: Lack }[] = [];
	for (const name of possibleMechanisms(source.chain)) {
		const mechanism = mechanisms.get(name);
		if (!mechanism) throw new Error(`unknown chain mechanism ${name}`);
		const chain = declaredChain(source, packages, new Set([name]));
		const lack = await mechanism.lack(chain, bench);
		if (!lack) return { chain, mechanism, lack };
		lacking.push({ chain, mechanism, lack });
	}
	return lacking[0]!;
}
