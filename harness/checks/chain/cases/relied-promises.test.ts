// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { KernelPromise } from "../../../lab/promise.js";
import type { DeclaredChain } from "../model/declared-chain.js";
import { promisesFinding } from "./relied-promises.js";

const kept: KernelPromise = {
	...{ name: "tail_call/limit", promise: "33 tail calls can follow one another" },
	...{ expected: "34 runs", seen: "34 runs", kept: true, evidence: {} },
};
const broken: KernelPromise = { ...kept, name: "tail_call/branches", seen: "66 runs", kept: false };
const others: KernelPromise[] = [
	{ ...broken, name: "max-members/tc/tc_ingress" },
	{ ...broken, name: "tcx/limit" },
];

const finding = (promises: readonly KernelPromise[], relying: readonly string[] = ["filter"]) => {
	const chain = { name: "edge", mechanism: "tail_call" } as unknown as DeclaredChain;
	return promisesFinding(chain, promises, () => relying);
};

it("is an error when the kernel's answers are not known", () => {
	for (const promises of [[], others])
		expect(finding(promises)).toMatchObject({ outcome: "error", reason: { code: "chain-promise-unknown" } });
});

it("passes when the kernel keeps all promises that it was asked about", () => {
	const { kept: _, ...unasked } = { ...broken, lack: "no such program" };
	expect(finding([...others, kept, unasked])).toEqual({
		outcome: "pass",
		evidence: { kept: ["limit"], broken: [], not_asked: { branches: "no such program" } },
	});
});

it("passes when no program of the chain relies on a broken promise, and reports it", () => {
	expect(finding([kept, broken], [])).toMatchObject({
		outcome: "pass",
		evidence: { broken: [{ name: "branches" }] },
	});
});

it("fails when a program relies on a broken promise, and quotes it", () => {
	expect(finding([kept, broken])).toMatchObject({
		outcome: "fail",
		reason: {
			code: "chain-promise",
			message:
				"filter in edge relies on a promise that this kernel breaks: 33 tail calls can follow one another; expected 34 runs, found 66 runs",
		},
		evidence: { broken: [{ name: "branches", relying: ["filter"] }] },
	});
});
