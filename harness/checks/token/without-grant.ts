// SPDX-License-Identifier: Apache-2.0
import { anyName, type TokenKind, tokenNames } from "../../data/package/sections/token.js";
import { reason } from "../../data/reasons/registry/registry.js";
import type { FindingBody } from "../../lab/check.js";
import { failed, lackReason, passed, skipped } from "../../lab/findings.js";
import {
	type Delegation,
	delegationOf,
	type Grant,
	grantName,
	grantsOf,
	including,
	without,
} from "./model/delegation.js";
import { compareDelegations } from "./model/delegation-differences.js";
import { smallestAddition } from "./model/smallest-delegation.js";
import type { PackageTrials } from "./package-trials.js";
import { dynptrHint, needsPerfmon } from "./refusal-hints.js";
import { delegationEvidence, shortfallEvidence, shortfallText, useEvidence } from "./token-evidence.js";
import { fallsShort } from "./trial.js";

/** Requirements of `lack` that stand for grants. */
const featureKinds: Partial<Record<TokenKind, string>> = {
	maps: "map_type",
	programs: "program_type",
	attachments: "attach_type",
};

/** Without the grant the package must be refused something; otherwise the grant is not needed. */
export async function withoutFinding(trials: PackageTrials, grant: Grant): Promise<FindingBody> {
	const rest = without(trials.declared, grant);
	if (grant.name === anyName) return withoutAny(trials, grant.kind, rest);
	const trial = await trials.try(rest, { missing: grant });
	if (fallsShort(trial)) {
		const log = trial.use.refused?.verifierLog ?? "";
		const perfmon = grant.name === "cap_perfmon" && needsPerfmon(log);
		return passed({
			without: shortfallText(trial),
			...shortfallEvidence(trial),
			...(perfmon ? { safe: false, weakness: dynptrHint } : {}),
		});
	}
	const feature = featureKinds[grant.kind];
	const lack = feature && (await trials.bench.lack(`${feature}:${grant.name}`));
	if (lack)
		return skipped(lackReason(lack, `${grantName(grant)} has no effect on this kernel: `), {
			state: lack.state,
		});
	return tooWide(delegationOf({ [grant.kind]: [grant.name] }), delegationOf(), grant.kind, {
		...delegationEvidence(rest),
		...useEvidence(trial.use),
		vectors_passed: trial.vectors.passed,
	});
}

/** A kind with `any` is more than any package needs; which names are enough is found by trying. */
async function withoutAny(trials: PackageTrials, kind: TokenKind, rest: Delegation): Promise<FindingBody> {
	const names = delegationOf({ [kind]: [...tokenNames[kind].names] });
	const enough = (await smallestAddition(rest, names, await trials.parts())) ?? [];
	const needed = including(delegationOf(), ...enough);
	const evidence = { enough: grantsOf(needed).map(grantName) };
	return tooWide(delegationOf({ [kind]: [anyName] }), needed, kind, evidence);
}

function tooWide(
	declared: Delegation,
	needed: Delegation,
	kind: TokenKind,
	evidence: Record<string, unknown>,
): FindingBody {
	const [difference] = compareDelegations(declared, needed);
	if (!difference) throw new Error(`nothing of ${kind} is too wide`);
	return failed(reason("too-wide", { difference: difference.message, kind }), evidence);
}
