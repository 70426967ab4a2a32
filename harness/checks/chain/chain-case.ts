// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { readLog } from "../../data/reasons/log.js";
import { reason } from "../../data/reasons/registry/registry.js";
import { quotable } from "../../data/reasons/sentence.js";
import type { Finding, FindingBody } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import { tail } from "../../lab/subject/attach/log-tail.js";
import { type ChainEntry, entryName, label } from "./chain-entry.js";
import { judge, kernelOrder } from "./execution.js";
import { type AttachedChain, type AttachPoint, type Mechanism, RefusedEntry } from "./mechanism.js";
import type { DeclaredChain } from "./model/declared-chain.js";

/** What the cases of one chain work with. */
export interface ChainUnderTest {
	chain: DeclaredChain;
	mechanism: Mechanism;
	attachPoint: AttachPoint;
	members: readonly ChainEntry[];
	/** Of `orders`: labels of members after which packets ended, although others should follow. */
	stoppers?: ReadonlySet<string>;
}

/** Builds a chain, does something with it and takes it apart. */
export async function withAttached<T>(
	attachPoint: AttachPoint,
	entries: readonly ChainEntry[],
	action: (attached: AttachedChain) => Promise<T>,
	order?: readonly number[],
): Promise<T> {
	const attached = await attachPoint.attach(entries, order);
	try {
		return await action(attached);
	} finally {
		await attached.close();
	}
}

/** One case `<chain>/<name>`: what the kernel refuses in it is its result and of no other case. */
export async function oneCase(
	chain: DeclaredChain,
	name: string,
	action: () => Promise<FindingBody>,
): Promise<Finding> {
	const named = { case: `${chain.name}/${name}` };
	try {
		return { ...named, ...(await action()) };
	} catch (error) {
		if (!(error instanceof RefusedEntry)) throw error;
		return { ...named, ...refused(chain, error) };
	}
}

/** Of bpf_check_attach_target() (kernel/bpf/verifier.c), from 6.14 and stable 6.12 on. */
const packetRule = /^Extension program changes packet data, while original does not/;

/** The result of a case in which the kernel refused an entry. */
export function refused({ name: chain }: DeclaredChain, error: RefusedEntry): FindingBody {
	const { entry, errno, call, lack, logs } = error;
	const { verifierLog = "", libbpfLog = "" } = logs ?? {};
	const evidence = {
		...{ call, errno },
		...(verifierLog === "" ? {} : { verifier_log: tail(verifierLog) }),
		...(libbpfLog === "" ? {} : { libbpf_log: tail(libbpfLog) }),
	};
	const facts = { call, errno: errnoName(errno) };
	if (lack !== undefined) return skipped(reason("chain-cannot", { ...facts, lack }), evidence);
	const named = typeof entry === "string" ? entry : entryName(entry);
	const words = readLog(verifierLog).messages.at(-1);
	if (words && packetRule.test(words))
		return failed(reason("chain-changes-packet", { ...facts, chain, entry: named }), evidence);
	const said = words === undefined ? {} : { said: quotable(words) };
	return failed(reason("chain-refused", { ...facts, ...said, chain, entry: named }), evidence);
}

/** What the kernel lists and what packets meet, compared with the entries that were attached. */
export interface Observation {
	configured: string[];
	expected: string[];
	differences: string[];
	/** Differences that `executed` reports: members that were not met after a stopper. */
	consequences: string[];
	/** Extra work that this kernel requires of a loader. */
	notes: string[];
}

/** @param listed what the kernel should list; `reached` what packets should meet, if less */
export async function observe(
	{ chain, mechanism, attachPoint, stoppers }: ChainUnderTest,
	attached: AttachedChain,
	listed: readonly ChainEntry[],
	reached: readonly ChainEntry[] = listed,
): Promise<Observation> {
	const configured = (await attached.configured()).map(listedName);
	const expected = kernelOrder(mechanism.name, listed).map(label);
	const differences: string[] = [];
	const consequences: string[] = [];
	if (configured.join("\n") !== expected.join("\n"))
		differences.push(`the kernel lists ${namesOf(configured)}, expected ${namesOf(expected)}`);
	const order = kernelOrder(mechanism.name, reached);
	for (const trace of await attachPoint.traffic.sample()) {
		const { what, differences: differing, stoppedBy } = judge(chain, order, trace);
		const known = stoppedBy !== undefined && stoppers?.has(stoppedBy);
		(known ? consequences : differences).push(...differing.map((difference) => `${what}: ${difference}`));
	}
	return { configured, expected, differences, consequences, notes: attached.notes?.() ?? [] };
}

/** In tables: the label of an entry, or the id of another program. */
export const listedName = (entry: ChainEntry | number) =>
	typeof entry === "number" ? `program ${entry}` : label(entry);

export const namesOf = (names: readonly string[]) => (names.length === 0 ? "nothing" : names.join(", "));

/** Passes when nothing differs. @param when `after filter was inserted` */
export function orderFinding(
	subject: Pick<ChainUnderTest, "chain" | "stoppers">,
	when: string,
	{ configured, expected, differences, consequences, notes }: Observation,
	more: Record<string, unknown> = {},
): FindingBody {
	const evidence = { configured, expected, ...(notes.length > 0 ? { notes } : {}), ...more };
	const [difference] = differences;
	if (difference === undefined) return unreached(subject, consequences, evidence) ?? passed(evidence);
	return failed(reason("chain-order", { when, difference, more: differences.length - 1 }), {
		...evidence,
		differences: differences.slice(0, 20),
	});
}

/** The result where all that differs is what `executed` reports; undefined when nothing does. */
export function unreached(
	{ chain: { name: chain }, stoppers = new Set() }: Pick<ChainUnderTest, "chain" | "stoppers">,
	consequences: readonly string[],
	evidence: Record<string, unknown>,
): FindingBody | undefined {
	if (consequences.length === 0) return undefined;
	const facts = { chain, stoppers: [...stoppers].filter((stopper) => stopper !== "") };
	return skipped(reason("chain-unreached", facts), {
		...evidence,
		consequences: consequences.slice(0, 20),
	});
}
