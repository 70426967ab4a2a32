// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { type Contract, contracts } from "../../data/signing/contract.js";
import type { Stage } from "./install.js";
import type { Observed } from "./scene.js";

/** What a kernel with a contract does in a case: where it ends, with which errno. */
export interface Promised {
	stage: Stage;
	/** Names; any of them. Empty: it is not refused. */
	errnos: readonly string[];
	/** What an attacker gains although the kernel does as its contract says. */
	weakness?: string;
}

/** What each contract promises; with several, the first that fits tells how safe it was. */
export type Promises = Readonly<Record<Contract, readonly Promised[]>>;

export const refused = (stage: Stage, ...errnos: string[]): Promised => ({ stage, errnos });
export const installs: Promised = { stage: "installed", errnos: [] };
/** The kernel takes the loader, which is not run. */
export const loads: Promised = { stage: "loaded", errnos: [] };
/** The kernel takes it, which it should not. */
export const letLoad = (weakness: string): Promised => ({ ...loads, weakness });
/** It is installed, which it should not be. */
export const letIn = (weakness: string): Promised => ({ ...installs, weakness });

/** The same of every contract. */
export function always(...promised: readonly Promised[]): Promises {
	return Object.fromEntries(contracts.map((contract) => [contract, promised])) as unknown as Promises;
}

/**
 * Of contracts whose signature covers the instructions alone, and of that which covers the maps
 * too.
 */
export function byCover(instructions: readonly Promised[], maps: readonly Promised[]): Promises {
	return { insns: instructions, "insns-excl": instructions, "insns-maps": maps };
}

/** The promise that what was seen keeps; undefined when it keeps none. */
export function kept(promised: readonly Promised[], seen: Observed): Promised | undefined {
	if (seen.wrong !== undefined) return undefined;
	return promised.find(
		({ stage, errnos }) => stage === seen.stage && (isDone(stage) || errnos.includes(errnoName(seen.errno))),
	);
}

const isDone = (stage: Stage) => stage === "installed" || stage === "loaded";

const where: Record<Exclude<Stage, "loaded" | "installed">, string> = {
	key: "when the key was added",
	hash: "when the map was hashed",
	"map-create": "when the data's map was created",
	"map-fill": "when the data's map was filled",
	"map-freeze": "when the data's map was frozen",
	load: "at load",
	run: "when the loader ran",
};

/** `refused at load with EKEYREJECTED`, `installed` */
export function told({ stage, errnos }: Pick<Promised, "stage" | "errnos">): string {
	return stage === "installed" || stage === "loaded"
		? stage
		: `refused ${where[stage]} with ${errnos.join(" or ")}`;
}

export function toldOf({ stage, errno }: Observed): string {
	return told({ stage, errnos: [errnoName(errno)] });
}
