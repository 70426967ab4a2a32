// SPDX-License-Identifier: Apache-2.0
import { isCapable } from "../../data/package/capable.js";
import type { Package } from "../../data/package/package.js";
import { TokenSettings } from "../../data/package/sections/token.js";
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { Check, Finding, FindingBody, Workbench } from "../../lab/check.js";
import { failed, skipped } from "../../lab/findings.js";
import { broken } from "../../lab/promise.js";
import { runCases } from "../../lab/run-cases.js";
import { declaredFinding, implicitPathFinding, noTokenFinding } from "./declared-token.js";
import { delegationOf, grantName, grantsOf } from "./model/delegation.js";
import { PackageTrials } from "./package-trials.js";
import { delegationEvidence } from "./token-evidence.js";
import { TokensMissing } from "./token-support.js";
import { undeclaredFinding, undeclaredGrants } from "./undeclared-grants.js";
import { withoutFinding } from "./without-grant.js";

/**
 * Does a package work for an unprivileged user with exactly the BPF token that its manifest
 * declares? Cases `declared`, `no-token`, `without-<kind>/<name>` for each grant, `implicit-path`,
 * and `undeclared` for harmful grants that are not declared. `token-holder/<program>` fails where
 * attaching a program ends the process that holds the token. What the kernel itself promises about
 * tokens is a question of `qualify`; where it breaks a promise, the case `kernel-promises` fails.
 */
export const tokenCheck: Check = {
	name: "token",
	summary: "does the package work with exactly the BPF token that its manifest declares?",
	section: { key: "token", schema: TokenSettings },
	cites: ["tokens"],
	suits: (pkg) => pkg.manifest.token !== undefined,
	create: () => ({
		cases: casesOf,

		async *run(pkg, bench) {
			yield* runCases(bench, {
				cases: casesOf(pkg),
				alone: pkg.objects.some(({ programs }) => programs.some(isCapable)),
				after: "all users of tokens ended",
				run: () => findings(pkg, bench),
			});
			yield* runCases(bench, {
				cases: [],
				leftovers: promisesCase,
				after: "the kernel's promises were looked up",
				run: () => brokenPromises(bench),
			});
		},
	}),
};

const casesOf = (pkg: Package): string[] => steps(pkg).map(({ name }) => name);

/** A case, and how its result is found; `loadable` ones are skipped without such a package. */
interface Step {
	name: string;
	loadable: boolean;
	run(trials: PackageTrials): Promise<FindingBody>;
}

function steps({ manifest }: Package): Step[] {
	const declared = delegationOf(manifest.token);
	return [
		{ name: "declared", loadable: true, run: declaredFinding },
		{ name: "no-token", loadable: true, run: noTokenFinding },
		...grantsOf(declared).map((grant) => ({
			name: `without-${grantName(grant)}`,
			loadable: true,
			run: (trials: PackageTrials) => withoutFinding(trials, grant),
		})),
		{ name: "implicit-path", loadable: true, run: implicitPathFinding },
		...(undeclaredGrants(declared).length > 0
			? [{ name: "undeclared", loadable: false, run: undeclaredFinding }]
			: []),
	];
}

async function* findings(pkg: Package, bench: Workbench): AsyncIterable<Finding> {
	let trials: PackageTrials;
	try {
		trials = await PackageTrials.open(pkg, bench);
	} catch (error) {
		if (!(error instanceof TokensMissing)) throw error;
		const { state } = error.lack;
		for (const name of casesOf(pkg)) yield { case: name, ...skipped(error.reason, { state }) };
		return;
	}
	try {
		yield* findingsOf(trials);
	} finally {
		await trials.close();
	}
}

async function* findingsOf(trials: PackageTrials): AsyncIterable<Finding> {
	const { use, ungrantable, harmful } = await trials.widest();
	for (const [program, how] of harmful)
		yield {
			case: `token-holder/${program}`,
			...failed(reason("token-holder-ended", { program, how }), { seen: how }),
		};
	const { kernel } = trials.bench;
	const loads = use.loaded.length + ungrantable.size > 0;
	let works = true;
	for (const { name, loadable, run } of steps(trials.pkg)) {
		let skip = !loadable || loads ? undefined : reasonSaying("not-loaded", nothingLoads(kernel.id));
		if (loadable && !works && name !== "no-token")
			skip ??= reasonSaying("not-loaded", declaredFails, "see the case declared");
		if (!skip) await trials.isolate();
		const body = skip ? skipped(skip, delegationEvidence(trials.declared)) : await run(trials);
		if (name === "declared") works = body.outcome === "pass";
		yield { case: name, ...body };
	}
}

const nothingLoads = (kernel: string) => `no program of the package loads on ${kernel}, not even as root`;
const declaredFails =
	"the package does not work with the declared token, so a token with less would show nothing";

const promisesCase = "kernel-promises";

/** A finding where the kernel breaks a promise about tokens, on which every package relies. */
async function* brokenPromises(bench: Workbench): AsyncIterable<Finding> {
	const promises = broken(await bench.promises("tokens"));
	const [first] = promises;
	if (!first) return;
	const { name, promise, expected, seen } = first;
	const more = promises.length > 1 ? `; ${promises.length - 1} more promises are broken` : "";
	const facts = { kernel: bench.kernel.id, promise, expected, seen, more };
	yield {
		case: promisesCase,
		...failed(reason("token-promise", facts), { promise: name, broken: promises }),
	};
}
