// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { KernelPromise, Mechanism, Stage } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { promises } from "./promises.js";

const kept: KernelPromise = {
	...{ name: "limit", promise: "33 follow one another", expected: "34 runs", found: "34 runs" },
	concerns: ["root", "filter"],
};
const broken = { ...kept, name: "branches", found: "66 runs" };

async function told(tried?: readonly KernelPromise[]) {
	const stage = { ...(tried ? { promises: async () => [...tried] } : {}) } as unknown as Stage;
	const scene = {
		...{ chain: { name: "edge" } as unknown as DeclaredChain, mechanism: {} as unknown as Mechanism },
		...{ stage, members: [] },
	};
	const findings = [];
	for await (const finding of promises(scene)) findings.push(finding);
	return findings;
}

it("is no case of mechanisms that promise nothing more", async () => {
	expect(await told()).toEqual([]);
});

it("passes when all are kept that can be tried", async () => {
	const absent = { ...broken, found: "refused", lack: "no such program" };
	expect(await told([kept, absent])).toEqual([
		{
			...{ case: "edge/promises", outcome: "pass" },
			evidence: { kept: ["limit"], broken: [], not_tried: { branches: "no such program" } },
		},
	]);
});

it("passes when none of the chain's programs relies on what is broken, and tells it", async () => {
	const [finding] = await told([kept, { ...broken, concerns: [] }]);
	expect(finding).toMatchObject({ outcome: "pass", evidence: { broken: [{ name: "branches" }] } });
});

it("fails when one does", async () => {
	const [finding] = await told([kept, { ...broken, concerns: ["filter"] }]);
	expect(finding).toMatchObject({
		outcome: "fail",
		reason: {
			code: "chain-promise",
			message:
				"this kernel does not keep a promise that matters to filter in edge: 33 follow one another (66 runs instead of 34 runs)",
		},
	});
});
