// SPDX-License-Identifier: Apache-2.0
import { reason } from "../../data/reasons/registry/registry.js";
import type { FindingBody } from "../../lab/check.js";
import { failed, passed } from "../../lab/findings.js";
import { everything, grantName } from "./model/delegation.js";
import { smallestAddition } from "./model/smallest-delegation.js";
import type { PackageTrials } from "./package-trials.js";
import { type PackageUse, refusedText } from "./package-use.js";
import { hintFor } from "./refusal-hints.js";
import {
	delegationEvidence,
	refusalEvidence,
	shortfallEvidence,
	shortfallText,
	useEvidence,
} from "./token-evidence.js";
import { defaultBpffs } from "./token-session.js";
import { fallsShort, type Trial } from "./trial.js";

/** Does the package do its work for an unprivileged user with the declared token? */
export async function declaredFinding(trials: PackageTrials): Promise<FindingBody> {
	const { declared } = trials;
	const { ungrantable, unloadable } = await trials.widest();
	const token = delegationEvidence(declared);
	const [first] = ungrantable;
	if (first) {
		const [program, refused] = first;
		const more = ungrantable.size > 1 ? `, and ${ungrantable.size - 1} more` : "";
		return failed(reason("token-cannot-grant", { program, refused: refusedText(refused), more }), {
			...token,
			...refusalEvidence(refused),
		});
	}
	const trial = await trials.try(declared, { each: false });
	const { passed: count, unreadable } = trial.vectors;
	const evidence = {
		...token,
		...useEvidence(trial.use, unloadable),
		vectors_passed: count,
		...(unreadable.length > 0 ? { vectors_with_perf_events: unreadable.slice(0, 50) } : {}),
	};
	return fallsShort(trial) ? tooNarrow(trials, trial, evidence) : passed(evidence);
}

async function tooNarrow(
	trials: PackageTrials,
	trial: Trial,
	evidence: Record<string, unknown>,
): Promise<FindingBody> {
	const { declared, pkg } = trials;
	const { refused } = trial.use;
	const missing = await smallestAddition(declared, everything, await trials.parts());
	const names = missing?.map(grantName);
	const details = { ...evidence, ...shortfallEvidence(trial), ...(names ? { missing: names } : {}) };
	const facts = {
		shortfall: shortfallText(trial),
		missing: names ? `; missing: ${names.join(", ")}` : "",
	};
	if (!pkg.manifest.token) return failed(reason("token-undeclared", facts), details);
	const kinds = missing ? [...new Set(missing.map(({ kind }) => `/token/${kind}`))] : ["/token"];
	const advice =
		(refused && hintFor(refused)) ?? "run bpfgate token infer to see the smallest sufficient token";
	return failed(reason("too-narrow", { ...facts, kinds: kinds.join(", "), advice }), details);
}

/** Without a token nothing may load. */
export async function noTokenFinding(trials: PackageTrials): Promise<FindingBody> {
	const { refused, loaded } = await trials.use({ client: await trials.declaredUser(), tokenPath: "" });
	if (refused) return passed(refusalEvidence(refused));
	return failed(reason("loads-without-token", { programs: loaded.join(", ") }), { loaded });
}

/** libbpf finds a token itself: at its default path, and at the path that its environment names. */
export async function implicitPathFinding(trials: PackageTrials): Promise<FindingBody> {
	const { declared, session } = trials;
	const path = await session.mount(declared, { path: defaultBpffs });
	let atDefault: PackageUse;
	try {
		atDefault = await trials.use({ client: await trials.declaredUser(), tokenPath: undefined });
	} finally {
		await session.unmount(path);
	}
	const env = [`LIBBPF_BPF_TOKEN_PATH=${await session.bpffs(declared)}`];
	const joined = await session.join(declared.capabilities, { env });
	try {
		const byEnvironment = await trials.use({ client: joined.client, tokenPath: undefined });
		for (const [where, { refused }] of [
			[`libbpf's default path ${defaultBpffs}`, atDefault],
			["the path in LIBBPF_BPF_TOKEN_PATH", byEnvironment],
		] as const)
			if (refused)
				return failed(
					reason("implicit-token", { where, refused: refusedText(refused) }),
					refusalEvidence(refused),
				);
		return passed({ default_path: atDefault.loaded, environment: byEnvironment.loaded });
	} finally {
		await session.leave(joined);
	}
}
