// SPDX-License-Identifier: Apache-2.0

import { everything, grantName, without } from "../../checks/token/model/delegation.js";
import { answerName, tryCall } from "../../checks/token/token-call.js";
import { TokenSession } from "../../checks/token/token-session.js";
import { TokensMissing } from "../../checks/token/token-support.js";
import { type HarmfulGrant, harmfulGrants } from "../../checks/token/undeclared-grants.js";
import type { KernelQuestion } from "../../lab/kernel-question.js";
import type { KernelPromise } from "../../lab/promise.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { tokenInfo } from "./token-info.js";
import { type Step, step, type TokenPromise, tokenPromises } from "./token-promises.js";

/** Every harmful grant is needed: a token with everything else does not allow its call. */
const requiredGrants: readonly TokenPromise[] = harmfulGrants.map(requiredGrant);

function requiredGrant({ grant, call }: HarmfulGrant): TokenPromise {
	const name = grantName(grant);
	return {
		name: `grant-required/${name}`,
		promise: `a token without ${name} does not allow ${call.command} for it`,
		async ask(session) {
			// A user with every capability can only be refused because of the token.
			const owner = session.ownerClient;
			const [all, rest] = [
				await session.ownerToken(everything),
				await session.ownerToken(without(everything, grant)),
			];
			const answer = (token?: Held) => tryCall(owner, call, token);
			const [granted, none, missing] = [await answer(all), await answer(), await answer(rest)];
			for (const token of [all, rest]) if (token) await owner.call("close", token);
			if (granted === none)
				return {
					lack: `the kernel answers ${answerName(none)} with everything delegated, and without a token`,
				};
			return [step(`${call.command} is called with every grant but ${name}`, none, missing)];
		},
	};
}

const all: readonly TokenPromise[] = [...tokenPromises, tokenInfo, ...requiredGrants];

/** Does the kernel keep what BPF tokens promise? Asked with a delegation of bpfgate's own. */
export const tokensQuestion: KernelQuestion = {
	area: "tokens",
	summary: "who can create and use a BPF token, how long it lasts, and what it allows",
	version: 1,
	names: () => all.map(({ name }) => name),

	async *run(bench) {
		let session: TokenSession;
		try {
			session = await TokenSession.open(await bench.guest());
		} catch (error) {
			if (!(error instanceof TokensMissing)) throw error;
			for (const asked of all) yield unasked(asked, error.lack.message);
			return;
		}
		try {
			yield* answers(session);
		} finally {
			await session.close();
		}
	},
};

/** The kernel's answers, one for each promise. */
export async function* answers(session: TokenSession): AsyncIterable<KernelPromise> {
	for (const asked of all) {
		const steps = await asked.ask(session);
		yield "lack" in steps ? unasked(asked, steps.lack) : answer(asked, steps);
	}
}

function unasked({ name, promise }: TokenPromise, lack: string): KernelPromise {
	return { name, promise, expected: "", seen: "", lack, evidence: {} };
}

/** Kept when every step was as expected; a broken one is described by its first such step. */
export function answer({ name, promise, weakness }: TokenPromise, steps: readonly Step[]): KernelPromise {
	const wrong = steps.find(({ expected, seen }) => expected !== seen);
	const text = (which: "expected" | "seen") =>
		(wrong ? [wrong] : steps).map((step) => `${step[which]} when ${step.what}`).join(", ");
	return {
		name,
		promise,
		expected: text("expected"),
		seen: wrong ? wrong.seen : text("seen"),
		kept: wrong === undefined,
		...(weakness ? { weakness } : {}),
		evidence: { steps: [...steps] },
	};
}
