// SPDX-License-Identifier: Apache-2.0
import { prepareSigners } from "../../checks/signature/ephemeral-signers.js";
import {
	type ByContract,
	type Expectation,
	expectedInWords,
	installs,
	installsUnsafely,
	inWords,
	met,
	type Observed,
	refused,
	seenInWords,
} from "../../checks/signature/expectation.js";
import { loadersOf } from "../../checks/signature/install-plan.js";
import { type KernelContract, kernelContract } from "../../checks/signature/kernel-contract.js";
import { LoaderSession } from "../../checks/signature/loader-session.js";
import type { SignatureCase } from "../../checks/signature/signature-case.js";
import { observedEvidence } from "../../checks/signature/signature-finding.js";
import { standInPackage } from "../../checks/signature/stand-in.js";
import { type Contract, contracts } from "../../data/signing/contract.js";
import type { Workbench } from "../../lab/check.js";
import type { KernelQuestion } from "../../lab/kernel-question.js";
import type { KernelPromise } from "../../lab/promise.js";
import { mapCases } from "./map-cases.js";
import { messageCases } from "./message-cases.js";
import { metadataCases } from "./metadata-cases.js";
import { programCases } from "./program-cases.js";
import { tokenCases } from "./token-cases.js";
import { trustCases } from "./trust-cases.js";

const unverified = "the loader does not verify that its metadata map is exclusive to it";

/** By the contract that a loader is made for: what kernels of each contract do with it. */
const expected: Record<Contract, ByContract> = {
	insns: {
		insns: [installs],
		"insns-excl": [installsUnsafely(unverified)],
		"insns-maps": [refused("load", "EACCES")],
	},
	"insns-excl": {
		insns: [refused("run", "EINVAL"), refused("load", "EACCES", "EINVAL")],
		"insns-excl": [installs],
		"insns-maps": [refused("load", "EACCES")],
	},
	"insns-maps": {
		insns: [refused("load", "EKEYREJECTED")],
		"insns-excl": [refused("load", "EKEYREJECTED")],
		"insns-maps": [installs],
	},
};

/** Loaders made for each contract, the kernel's own among them. */
const contractCases: readonly SignatureCase[] = contracts.map((contract) => ({
	name: `contract-${contract}`,
	promise: `a loader for contract ${contract} is accepted only where that contract holds`,
	expected: expected[contract],
	run: (session) => {
		// Loaded as its own kernel would, but counted only where maps are signed.
		const counted = session.contract === "insns-maps" ? 1 : 0;
		return session.installBy(session.loaders[contract], contract === "insns-maps" ? { counted } : {});
	},
}));

/** Everything that is tried with signed programs on each kernel. */
export const signatureCases: readonly SignatureCase[] = [
	...programCases,
	...mapCases,
	...messageCases,
	...trustCases,
	...metadataCases,
	...contractCases,
	...tokenCases,
];

/** Does the kernel do with signed programs what its contract promises? */
export const signaturesQuestion: KernelQuestion = {
	area: "signatures",
	summary: "does the kernel verify signatures of programs as its contract promises?",
	version: 1,
	names: () => signatureCases.map(({ name }) => name),
	async *run(bench) {
		yield* signaturePromises(bench, await kernelContract(await bench.guest()));
	},
};

/** @param kernel whose promises are expected; tests take one kernel for another */
export async function* signaturePromises(
	bench: Workbench,
	kernel: KernelContract,
): AsyncIterable<KernelPromise> {
	const { contract, shown } = kernel;
	if (contract === "none") {
		const lack = `the kernel verifies no signatures of programs: ${shown}`;
		for (const each of signatureCases) yield { ...unanswered(each, kernel), lack };
		return;
	}
	void prepareSigners();
	const guest = await bench.guest();
	const [object] = (await standInPackage(guest.kernel.arch)).objects;
	const session = new LoaderSession(guest, contract, await loadersOf(object!));
	for (const each of signatureCases)
		yield promiseOf(each, kernel, each.expected[contract], await each.run(session));
	await session.close();
}

function unanswered({ name, promise, expected }: SignatureCase, { contract }: KernelContract): KernelPromise {
	// Without a contract, what the latest one promises.
	const expectations = expected[contract === "none" ? "insns-maps" : contract];
	const evidence = { contract };
	return { name, promise, expected: expectedInWords(expectations), seen: "not tried", evidence };
}

/** The kernel's answer; kept when it did what its contract promises, however weak that is. */
export function promiseOf(
	each: SignatureCase,
	kernel: KernelContract,
	expected: readonly Expectation[],
	observed: Observed,
): KernelPromise {
	const asked = { ...unanswered(each, kernel), expected: expected.map(inWords).join(", or ") };
	const evidence = { ...asked.evidence, ...observedEvidence(observed) };
	if (observed.cannot !== undefined) return { ...asked, lack: observed.cannot, evidence };
	const expectation = met(expected, observed);
	const weakness = expectation?.weakness;
	return {
		...asked,
		seen: seenInWords(observed),
		kept: expectation !== undefined,
		...(weakness === undefined ? {} : { weakness }),
		evidence,
	};
}
