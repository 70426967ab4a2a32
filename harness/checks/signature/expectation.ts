// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../base/errno.js";
import { type Contract, contracts } from "../../data/signing/contract.js";
import type { InstallResult, Step } from "./loader-install.js";

/** How a case should end on a kernel: the step, and the errnos when it is refused there. */
export interface Expectation {
	step: Step;
	/** Names, any of them; empty where nothing is refused. */
	errnos: readonly string[];
	/** What an attacker gains although the kernel does what its contract promises. */
	weakness?: string;
}

/** What is expected under each contract. The first expectation that is met says how safe it was. */
export type ByContract = Readonly<Record<Contract, readonly Expectation[]>>;

/** How a case ended, and what else was seen. */
export interface Observed extends InstallResult {
	seen?: Record<string, unknown>;
	/** What was found instead, where the step and errno alone look right. */
	wrong?: string;
	/** Why the case cannot be tried on this kernel. */
	cannot?: string;
}

/** An observation of a single step: refused there, or done. */
export const endedAt = (step: Step, errno = 0, done: Step = "loaded"): Observed => ({
	step: errno === 0 ? done : step,
	errno,
	maps: [],
	programs: [],
});

export const refused = (step: Step, ...errnos: string[]): Expectation => ({ step, errnos });
export const installs: Expectation = { step: "installed", errnos: [] };
/** The kernel accepts the loader, which is not run. */
export const loads: Expectation = { step: "loaded", errnos: [] };
/** The kernel accepts the loader although it should not. */
export const loadsUnsafely = (weakness: string): Expectation => ({ ...loads, weakness });
/** The object is installed although it should not be. */
export const installsUnsafely = (weakness: string): Expectation => ({ ...installs, weakness });

/** The same under every contract. */
export function always(...expected: readonly Expectation[]): ByContract {
	return Object.fromEntries(contracts.map((contract) => [contract, expected])) as unknown as ByContract;
}

/** For contracts that sign the instructions alone, and for the one that signs the maps too. */
export function byCover(instructions: readonly Expectation[], maps: readonly Expectation[]): ByContract {
	return { insns: instructions, "insns-excl": instructions, "insns-maps": maps };
}

export function met(expected: readonly Expectation[], seen: Observed): Expectation | undefined {
	if (seen.wrong !== undefined) return undefined;
	return expected.find(
		({ step, errnos }) => step === seen.step && (isDone(step) || errnos.includes(errnoName(seen.errno))),
	);
}

/** The loader ran, whether it did its work or not. */
export const hasRun = (step: Step): boolean => step === "installed" || step === "run";

export const isDone = (step: Step): boolean => step === "installed" || step === "loaded";

const where: Record<Exclude<Step, "loaded" | "installed">, string> = {
	key: "when the key was added",
	hash: "when the map was hashed",
	"map-create": "when the map was created",
	"map-fill": "when the map was filled",
	"map-freeze": "when the map was frozen",
	load: "at load",
	run: "when the loader ran",
};

/** `refused at load with EKEYREJECTED`, `installed` */
export function inWords({ step, errnos }: Pick<Expectation, "step" | "errnos">): string {
	return step === "installed" || step === "loaded"
		? step
		: `refused ${where[step]} with ${errnos.join(" or ")}`;
}

/** `loaded, or refused at load with ENOPKG` */
export const expectedInWords = (expected: readonly Expectation[]): string =>
	expected.map(inWords).join(", or ");

/** What happened, in the same words. */
export const seenInWords = ({ step, errno, wrong }: Observed): string =>
	wrong ?? inWords({ step, errnos: [errnoName(errno)] });
