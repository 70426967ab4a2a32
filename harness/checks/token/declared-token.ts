// SPDX-License-Identifier: Apache-2.0
import { anyName, type TokenKind, tokenNames } from "../../data/package/sections/token.js";
import {
	type Delegation,
	delegationOf,
	everything,
	type Grant,
	grantName,
	grantsOf,
	including,
	without,
} from "./model/delegation.js";
import { compareDelegations } from "./model/delegation-differences.js";
import { likelyDelegation } from "./model/likely-delegation.js";
import { smallestAddition } from "./model/smallest-delegation.js";
import { fallsShort, type TokenScene, type Work } from "./package-trials.js";
import { refusedText, type Use } from "./package-use.js";
import { dynptrHint, hintFor, needsPerfmon } from "./refusal-hints.js";
import {
	delegationEvidence,
	failed,
	type Outcome,
	passed,
	refusalEvidence,
	skipped,
} from "./token-evidence.js";

/** Does the package do its work as a user without privileges, with the token that is declared? */
export async function declaredOutcome(scene: TokenScene): Promise<Outcome> {
	const { declared } = scene;
	const { ungrantable, unloadable } = await scene.baseline();
	const token = delegationEvidence(declared);
	const [first] = ungrantable;
	if (first) {
		const [name, refused] = first;
		const more = ungrantable.size > 1 ? `, and ${ungrantable.size - 1} more` : "";
		return failed(
			{
				code: "token-cannot-grant",
				message: `${name} loads as root of the machine and with no token whatever: ${refusedText(refused)} although everything is delegated and every capability is held in the user namespace${more}`,
				hint: "leave the program out for users of tokens (autoload), or do without what only root of the machine may do; the evidence has what the verifier says",
			},
			{ ...token, ...refusalEvidence(refused) },
		);
	}
	const work = await scene.work(await scene.declaredUser(), await scene.declaredPath());
	const { use, vectors } = work;
	const evidence = { ...token, ...useEvidence(use, unloadable), vectors_passed: vectors.passed };
	if (!fallsShort(work)) return passed(evidence);
	return tooNarrow(scene, work, evidence);
}

function useEvidence({ loaded, attached, notAttached }: Use, unloadable: readonly string[]) {
	return {
		loaded,
		attached,
		...(notAttached.size > 0 ? { not_attached: Object.fromEntries(notAttached) } : {}),
		...(unloadable.length > 0 ? { refused_to_root: unloadable } : {}),
	};
}

async function tooNarrow(scene: TokenScene, work: Work, evidence: Record<string, unknown>): Promise<Outcome> {
	const { declared, pkg } = scene;
	const { refused } = work.use;
	const missing = await smallestAddition(declared, likelyDelegation(pkg), everything, (delegation) =>
		scene.works(delegation),
	);
	const names = missing?.map(grantName);
	const details = { ...evidence, ...shortfallEvidence(work), ...(names ? { missing: names } : {}) };
	const lacks = names ? `; what it lacks is ${names.join(", ")}` : "";
	if (!pkg.manifest.token)
		return failed(
			{
				code: "token-undeclared",
				message: `the manifest declares no token, and without one ${shortfallText(work)}${lacks}`,
				hint: "bpfgate token infer shows the smallest token that is enough, as /token of the manifest has it",
			},
			details,
		);
	const kinds = [...new Set(missing?.map(({ kind }) => kind))];
	return failed(
		{
			code: "too-narrow",
			message: `with the declared token ${shortfallText(work)}${lacks}`,
			hint: [
				...(missing ? [`add it to ${kinds.map((kind) => `/token/${kind}`).join(", ")} of the manifest`] : []),
				(refused && hintFor(refused)) ?? "bpfgate token infer shows the smallest token that is enough",
			].join("; "),
		},
		details,
	);
}

/** What did not work, in words: `map events is refused with EPERM`. */
export function shortfallText({ use, lost, vectors }: Work): string {
	if (use.refused) return refusedText(use.refused);
	const [name] = lost;
	if (name !== undefined)
		return `${name} loads but is not attached, as it is with everything delegated: ${use.notAttached.get(name)}`;
	const [bad] = vectors.failed;
	const more = vectors.failed.length > 1 ? `, and ${vectors.failed.length - 1} more` : "";
	return `vector ${bad?.case} does not pass: ${bad?.why}${more}`;
}

function shortfallEvidence({ use, lost, vectors }: Work): Record<string, unknown> {
	return {
		...(use.refused ? refusalEvidence(use.refused) : {}),
		...(lost.length > 0
			? { lost: Object.fromEntries(lost.map((name) => [name, use.notAttached.get(name)])) }
			: {}),
		...(vectors.failed.length > 0 ? { vectors_failed: vectors.failed.slice(0, 50) } : {}),
	};
}

/** Without any token nothing must load. */
export async function noTokenOutcome(scene: TokenScene): Promise<Outcome> {
	const { user } = await scene.baseline();
	const { refused, loaded } = await user.use(await scene.declaredUser(), "");
	if (refused) return passed(refusalEvidence(refused));
	return failed(
		{
			code: "loads-without-token",
			message: `a user without privileges loads ${loaded.join(", ")} without any token`,
			hint: "this is a defect of the kernel: kernel.unprivileged_bpf_disabled is set, and yet it asks for nothing",
		},
		{ loaded },
	);
}

/** Features that stand for grants in `lack`. */
const featureKinds: Partial<Record<TokenKind, string>> = {
	maps: "map_type",
	programs: "program_type",
	attachments: "attach_type",
};

/** With one grant less the package must be refused; where it is not, the grant is too much. */
export async function withoutOutcome(scene: TokenScene, grant: Grant): Promise<Outcome> {
	const { declared } = scene;
	const rest = without(declared, grant);
	if (grant.name === anyName) return tooWideAny(scene, grant.kind, rest);
	const work = await scene.withDelegation(rest);
	if (fallsShort(work)) {
		const log = work.use.refused?.verifierLog ?? "";
		const perfmon = grant.name === "cap_perfmon" && needsPerfmon(log);
		return passed({
			without: shortfallText(work),
			...shortfallEvidence(work),
			...(perfmon ? { safe: false, weakness: dynptrHint } : {}),
		});
	}
	const feature = featureKinds[grant.kind];
	const lack = feature && (await scene.bench.lack(`${feature}:${grant.name}`));
	if (lack)
		return skipped(
			{
				code: `feature-${lack.state}`,
				message: `${grantName(grant)} grants nothing here: ${lack.message}`,
				hint: lack.hint,
			},
			{ state: lack.state },
		);
	const [difference] = compareDelegations(delegationOf({ [grant.kind]: [grant.name] }), delegationOf());
	return failed(
		{ code: "too-wide", message: `${difference?.message}`, hint: tooWideHint(grant.kind) },
		{ ...delegationEvidence(rest), ...useEvidence(work.use, []), vectors_passed: work.vectors.passed },
	);
}

const tooWideHint = (kind: TokenKind) =>
	`take it out of /token/${kind} of the manifest, unless another kernel or another loader needs it; bpfgate token infer shows what each kernel needs`;

async function tooWideAny(scene: TokenScene, kind: TokenKind, rest: Delegation): Promise<Outcome> {
	const names = delegationOf({ [kind]: [...tokenNames[kind].names] });
	const works = (delegation: Delegation) => scene.works(delegation);
	const likely = delegationOf({ [kind]: [...likelyDelegation(scene.pkg)[kind]] });
	const enough = (await works(rest)) ? [] : ((await smallestAddition(rest, likely, names, works)) ?? []);
	const needed = including(delegationOf(), ...enough);
	const declared = delegationOf({ [kind]: [anyName] });
	const [difference] = compareDelegations(declared, needed);
	return failed(
		{ code: "too-wide", message: `${difference?.message}`, hint: tooWideHint(kind) },
		{ enough: grantsOf(needed).map(grantName) },
	);
}
