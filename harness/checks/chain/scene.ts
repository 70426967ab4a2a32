// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import type { Finding } from "../../lab/check.js";
import { judge, label, standing } from "./judge.js";
import { BuildError, type Built, type Mechanism, type Stage } from "./mechanism.js";
import type { DeclaredChain } from "./model/declared.js";
import { type Part, partName } from "./part.js";

/** A chain on its stage, for the cases. */
export interface Scene {
	chain: DeclaredChain;
	mechanism: Mechanism;
	stage: Stage;
	/** The members, as declared. */
	members: readonly Part[];
}

/** Builds a chain, does something with it and takes it down again. */
export async function withBuilt<T>(
	stage: Stage,
	parts: readonly Part[],
	action: (built: Built) => Promise<T>,
	attaching?: readonly number[],
): Promise<T> {
	const built = await stage.build(parts, attaching);
	try {
		return await action(built);
	} finally {
		await built.close();
	}
}

/** One case: what the kernel refuses in it is its affair and no other's. */
export async function tried(
	chain: DeclaredChain,
	name: string,
	action: () => Promise<Finding>,
): Promise<Finding> {
	try {
		return await action();
	} catch (error) {
		if (!(error instanceof BuildError)) throw error;
		return refused(chain, name, error);
	}
}

/** A case that the kernel has not let come to pass. */
export function refused({ name: chain }: DeclaredChain, name: string, error: BuildError): Finding {
	const { part, errno, call, lack } = error;
	const evidence = { call, errno };
	const said = `${call} gave ${errnoName(errno)}`;
	if (lack !== undefined) {
		const hint = "nothing is to be done, unless the chain is to be changed while it is in use";
		return {
			...{ case: name, outcome: "skip", evidence },
			reason: { code: "chain-cannot", message: `${lack} (${said})`, hint },
		};
	}
	return {
		...{ case: name, outcome: "fail", evidence },
		reason: {
			code: "chain-refused",
			message: `the kernel refused ${typeof part === "string" ? part : partName(part)} in ${chain}: ${said}`,
			hint: "the load check says why a program is refused; look whether something else is on the hook",
		},
	};
}

/**
 * What stands on the hook and what packets meet, held against parts in the order in which they were
 * attached.
 */
export interface Look {
	configured: string[];
	/** In which they should stand. */
	expected: string[];
	differences: string[];
	/** What the kernel made the orchestrator do that it need not do on others. */
	notes: string[];
}

/**
 * @param listed what the kernel should list; `reached` what packets should find, when some of it
 * cannot be reached any more
 */
export async function look(
	{ chain, mechanism, stage }: Scene,
	built: Built,
	listed: readonly Part[],
	reached: readonly Part[] = listed,
): Promise<Look> {
	const order = standing(mechanism.name, listed);
	const configured = (await built.configured()).map(shown);
	const expected = order.map(label);
	const differences: string[] = [];
	if (configured.join("\n") !== expected.join("\n"))
		differences.push(`the kernel lists ${list(configured)} and not ${list(expected)}`);
	const found = standing(mechanism.name, reached);
	for (const encounter of await stage.traffic.sample()) {
		const { what, differences: differing } = judge(chain, found, encounter);
		differences.push(...differing.map((difference) => `${what}: ${difference}`));
	}
	return { configured, expected, differences, notes: built.notes?.() ?? [] };
}

/** What the kernel lists, in a table: a part, or the id of a stranger's program. */
export const shown = (part: Part | number) => (typeof part === "number" ? `program ${part}` : label(part));

export const list = (names: readonly string[]) => (names.length === 0 ? "nothing" : names.join(", "));

/** A case that passes when nothing differs. */
export function promised(name: string, what: string, seen: Look): Finding {
	const { configured, expected, differences, notes } = seen;
	const evidence = { configured, expected, ...(notes.length > 0 ? { notes } : {}) };
	if (differences.length === 0) return { case: name, outcome: "pass", evidence };
	const [first] = differences;
	const more = differences.length > 1 ? ` (and ${differences.length - 1} more)` : "";
	return {
		case: name,
		outcome: "fail",
		reason: {
			code: "chain-order",
			message: `${what}, the chain is not as its mechanism promises: ${first}${more}`,
			hint: "compare the evidence with docs/chains.md; another program may be on the hook",
		},
		evidence: { ...evidence, differences: differences.slice(0, 20) },
	};
}
