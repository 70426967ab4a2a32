// SPDX-License-Identifier: Apache-2.0
import { everything, grantName, without } from "../../checks/token/model/delegation.js";
import { answerName, tryCall } from "../../checks/token/token-call.js";
import { type HarmfulGrant, harmfulGrants } from "../../checks/token/undeclared-grants.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { step, type TokenPromise } from "./token-promises.js";

/** Every harmful grant is needed: a token with everything else does not allow its call. */
export const requiredGrants: readonly TokenPromise[] = harmfulGrants.map(requiredGrant);

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
