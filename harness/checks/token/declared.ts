// SPDX-License-Identifier: Apache-2.0
import { anyName, type TokenKind, tokenNames } from "../../package/token.js";
import { compareDelegations } from "../../token/compare.js";
import {
	type Delegation,
	delegationOf,
	everything,
	type Grant,
	grantName,
	grantsOf,
	including,
	without,
} from "../../token/delegation.js";
import { likelyDelegation } from "../../token/likely.js";
import { smallestAddition } from "../../token/search.js";
import { delegationEvidence, failed, type Outcome, passed, refusalEvidence, skipped } from "./finding.js";
import { dynptrHint, hintFor, needsPerfmon } from "./hints.js";
import { refusedText, type Use } from "./package-user.js";
import type { TokenScene } from "./scene.js";
import { vectorsWithToken } from "./vectors.js";

/** Does the package do its work as a user without privileges, with the token that is declared? */
export async function declaredOutcome(scene: TokenScene): Promise<Outcome> {
	const { declared } = scene;
	const { user, use: most, ungrantable, unloadable } = await scene.baseline();
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
	const path = await scene.declaredPath();
	const client = await scene.declaredUser();
	const use = await user.use(client, path);
	const evidence = { ...token, ...useEvidence(use, unloadable) };
	const lost = most.attached.filter((name) => !use.attached.includes(name));
	if (use.refused || lost.length > 0) return tooNarrow(scene, use, lost, evidence);
	const vectors = await vectorsWithToken(user, client, path);
	const [bad] = vectors.failed;
	const all = { ...evidence, vectors_passed: vectors.passed };
	if (!bad) return passed(all);
	return failed(
		{
			code: "vectors-with-token",
			message: `the package loads with the declared token, but vector ${bad.case} passes for root alone: ${bad.why}`,
			hint: "look whether the vector needs a device or a setting that a user namespace does not have",
		},
		{ ...all, vectors_failed: vectors.failed.slice(0, 50) },
	);
}

function useEvidence({ loaded, attached, notAttached }: Use, unloadable: readonly string[]) {
	return {
		loaded,
		attached,
		...(notAttached.size > 0 ? { not_attached: Object.fromEntries(notAttached) } : {}),
		...(unloadable.length > 0 ? { refused_to_root: unloadable } : {}),
	};
}

async function tooNarrow(
	scene: TokenScene,
	{ refused, notAttached }: Use,
	lost: readonly string[],
	evidence: Record<string, unknown>,
): Promise<Outcome> {
	const { declared, pkg } = scene;
	const missing = await smallestAddition(declared, likelyDelegation(pkg), everything, (delegation) =>
		scene.works(delegation),
	);
	const [name = ""] = lost;
	const what = refused
		? refusedText(refused)
		: `${name} loads but is not attached, as it is with everything delegated: ${notAttached.get(name)}`;
	const lacks = missing ? `; what it lacks is ${missing.map(grantName).join(", ")}` : "";
	const kinds = [...new Set(missing?.map(({ kind }) => kind))];
	return failed(
		{
			code: "too-narrow",
			message: `with the declared token ${what}${lacks}`,
			hint: [
				...(missing ? [`add it to ${kinds.map((kind) => `/token/${kind}`).join(", ")} of the manifest`] : []),
				(refused && hintFor(refused)) ?? "bpfgate token infer shows the smallest token that is enough",
			].join("; "),
		},
		{
			...evidence,
			...(refused ? refusalEvidence(refused) : {}),
			...(missing ? { missing: missing.map(grantName) } : {}),
			...(lost.length > 0 ? { lost } : {}),
		},
	);
}

/** Without any token nothing must load. */
export async function noTokenOutcome(scene: TokenScene): Promise<Outcome> {
	const { user } = await scene.baseline();
	const { refused, loaded } = await user.use(await scene.declaredUser(), "");
	if (refused) return passed(refusalEvidence(refused));
	return failed({
		code: "loads-without-token",
		message: `a user without privileges loads ${loaded.join(", ")} without any token`,
		hint: "this is a defect of the kernel: kernel.unprivileged_bpf_disabled is set, and yet it asks for nothing",
	});
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
	const { user, use: most } = await scene.baseline();
	const rest = without(declared, grant);
	const use = await user.withDelegation(rest);
	const lost = most.attached.filter((name) => !use.attached.includes(name));
	if (grant.name === anyName) return tooWideAny(scene, grant.kind, rest);
	if (use.refused) {
		const perfmon = grant.name === "cap_perfmon" && needsPerfmon(use.refused.verifierLog);
		return passed({ ...refusalEvidence(use.refused), ...(perfmon ? { needs_less: dynptrHint } : {}) });
	}
	if (lost.length > 0)
		return passed({
			not_attached: Object.fromEntries(lost.map((name) => [name, use.notAttached.get(name)])),
		});
	const feature = featureKinds[grant.kind];
	const lack = feature && (await scene.bench.lack(`${feature}:${grant.name}`));
	if (lack)
		return skipped({
			code: `feature-${lack.state}`,
			message: `${grantName(grant)} grants nothing here: ${lack.message}`,
			hint: lack.hint,
		});
	const [difference] = compareDelegations(delegationOf({ [grant.kind]: [grant.name] }), delegationOf());
	return failed(
		{ code: "too-wide", message: `${difference?.message}`, hint: tooWideHint(grant.kind) },
		{ ...delegationEvidence(rest), loaded: use.loaded, attached: use.attached },
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
