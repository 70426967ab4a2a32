// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Expectation, installs, isDone, loads, refused } from "../../checks/signature/expectation.js";
import { loadersOf } from "../../checks/signature/install-plan.js";
import { type KernelContract, kernelContract } from "../../checks/signature/kernel-contract.js";
import { LoaderSession } from "../../checks/signature/loader-session.js";
import { standInPackage } from "../../checks/signature/stand-in.js";
import { broken, type KernelPromise } from "../../lab/promise.js";
import { benchOf } from "../../lab/testbench.js";
import { agentPath } from "../../machine/guest/build.js";
import { openKernel } from "../../machine/kernel/store.js";
import type { Guest } from "../../machine/vm/guest.js";
import { Machines } from "../../machine/vm/machine.js";
import { promiseOf, signatureCases, signaturePromises, signaturesQuestion } from "./signatures-question.js";

const machines = new Machines({ agent: agentPath });

const weakAtFirst = ["map-by-fd", "map-by-index-uncounted"];
const weakEverywhere = ["weak-digest-sha1", "expired-certificate", "not-yet-valid-certificate"];

async function collected(promises: AsyncIterable<KernelPromise>): Promise<KernelPromise[]> {
	const found: KernelPromise[] = [];
	for await (const promise of promises) found.push(promise);
	return found;
}

const namesOf = (promises: readonly KernelPromise[]) => promises.map(({ name }) => name);

describe.each([
	{ id: "6.12", contract: "none", weak: [] },
	{ id: "6.18", contract: "insns", weak: [...weakAtFirst, ...weakEverywhere] },
	{ id: "7.2", contract: "insns-excl", weak: [...weakAtFirst, ...weakEverywhere, "contract-insns"] },
	{ id: "7.3", contract: "insns-maps", weak: weakEverywhere },
] as const)("signatures on $id", ({ id, contract, weak }) => {
	let guest: Guest;
	const bench = () => benchOf(guest.kernel, async () => guest);
	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
	});
	afterAll(() => guest.dispose());

	it("the kernel keeps every promise of its contract, and nothing is left behind", async () => {
		const before = await guest.client.call("inventory", { settle: true });
		const promises = await collected(signaturesQuestion.run(bench()));
		expect(namesOf(promises)).toEqual(signaturesQuestion.names());
		expect(broken(promises)).toEqual([]);
		const unasked = namesOf(promises.filter(({ lack }) => lack !== undefined));
		expect(unasked).toEqual(contract === "none" ? signaturesQuestion.names() : ["blacklisted-key"]);
		expect(namesOf(promises.filter(({ weakness }) => weakness !== undefined))).toEqual(weak);
		// The verifier's message about a refusal, not the statistics after it.
		for (const { evidence } of promises) expect(evidence.log ?? "").not.toMatch(/insns|stack depth/);
		if (contract === "insns-maps")
			expect(promises.find(({ name }) => name === "map-by-index-uncounted")?.evidence.log).toContain("map");
		expect(await guest.client.call("inventory", { settle: true })).toEqual(before);
	});

	it("every promise is broken when the opposite is expected", async () => {
		const kernel = await kernelContract(guest);
		if (kernel.contract === "none") return;
		const [object] = (await standInPackage(guest.kernel.arch)).objects;
		const session = new LoaderSession(guest, kernel.contract, await loadersOf(object!));
		const kept: string[] = [];
		try {
			for (const each of signatureCases) {
				const opposite = oppositeOf(each.expected[kernel.contract]);
				if (promiseOf(each, kernel, opposite, await each.run(session)).kept) kept.push(each.name);
			}
		} finally {
			await session.close();
		}
		expect(kept).toEqual([]);
	});
});

/** A refusal in place of what is accepted, and the other way round. */
function oppositeOf(expected: readonly Expectation[]): Expectation[] {
	return expected.some(({ step }) => isDone(step)) ? [refused("load", "EILSEQ")] : [installs, loads];
}

it("a kernel that does not do what its contract promises breaks promises: 7.2, taken for 7.3", async () => {
	const guest = await machines.clone(await openKernel("7.2"));
	try {
		const kernel: KernelContract = { ...(await kernelContract(guest)), contract: "insns-maps" };
		const promises = await collected(
			signaturePromises(
				benchOf(guest.kernel, async () => guest),
				kernel,
			),
		);
		const found = broken(promises);
		expect(namesOf(found)).toEqual(
			expect.arrayContaining(["map-by-fd", "fd-array-count-one", "contract-insns", "contract-insns-maps"]),
		);
		expect(found.find(({ name }) => name === "contract-insns")).toMatchObject({
			expected: "refused at load with EACCES",
			seen: "installed",
		});
	} finally {
		await guest.dispose();
	}
});
