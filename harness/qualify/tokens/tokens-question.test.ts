// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { step, tokenPromises } from "./token-promises.js";
import { answer, tokensQuestion } from "./tokens-question.js";

const EPERM = 1;
const asked = { name: "sample", promise: "tokens are private", ask: async () => [] };
const steps = [step("the owner uses a token", 0, 0), step("another user creates one", EPERM, EPERM)];

describe("an answer about tokens", () => {
	it("is kept when every step is answered as expected", () => {
		expect(answer({ ...asked, weakness: "it can be passed on" }, steps)).toEqual({
			name: "sample",
			promise: "tokens are private",
			expected: "done when the owner uses a token, EPERM when another user creates one",
			seen: "done when the owner uses a token, EPERM when another user creates one",
			kept: true,
			weakness: "it can be passed on",
			evidence: { steps },
		});
	});

	it("is broken by one step, which is then all that it says", () => {
		const wrong = answer(asked, [...steps, step("the token is used by root", EPERM, 0)]);
		expect(wrong).toMatchObject({
			kept: false,
			expected: "EPERM when the token is used by root",
			seen: "done",
		});
	});
});

it("names of promises are unique, and their sentences end without a full stop", () => {
	const names = tokensQuestion.names();
	expect(new Set(names).size).toBe(names.length);
	for (const { promise } of tokenPromises) expect(promise).toMatch(/^[a-z][^.]*[^.]$/);
});
