// SPDX-License-Identifier: Apache-2.0
import { reason } from "../data/reasons/registry/registry.js";
import type { Finding, FindingBody, Workbench } from "./check.js";

/** Cases that share a guest, from the first to what they leave behind. */
export interface CaseGroup {
	/** Cases that must each get a finding. */
	readonly cases: readonly string[];
	/** Case for what stays in the guest, or a guest lost after the last case: `leftovers`. */
	readonly leftovers?: string;
	/** When the guest should be empty again: `filter.bpf.o was detached and unloaded`. */
	readonly after: string;
	/** Evidence of every case that bpfgate reports in place of the check, by its name. */
	readonly evidence?: Record<string, unknown> | ((name: string) => Record<string, unknown>);
	/** The result of an exception when the guest is not lost; undefined for all others. */
	readonly known?: (cause: unknown) => FindingBody | undefined;
	/** The cases change the guest permanently: it is retired, and leftovers are not reported. */
	readonly spoils?: boolean;
	/**
	 * A program that can change what the agent says is attached or run (data/package/capable.ts):
	 * the guest is retired after its leftovers were reported, so that nothing else is judged there.
	 */
	readonly alone?: boolean;
	/** Findings, or several at once where one piece of work gave them: they share its time. */
	run(): AsyncIterable<Finding | readonly Finding[]>;
	/** How open cases continue after a loss that not all caused; undefined: all get it. */
	continued?(loss: FindingBody, cause: unknown): Continuation | undefined;
}

/** The open cases that get the loss of a guest, and the group that runs the others. */
export interface Continuation {
	readonly blamed: readonly string[];
	/** What the blamed get instead of the loss. */
	readonly verdict?: FindingBody;
	/** None when no case is left. */
	readonly next?: CaseGroup;
}

const maxNamed = 5;
const maxListed = 100;

/**
 * Runs a group so that each case gets one honest result: one without a finding is an `error`, a
 * lost guest ends only open cases, and leftovers are a finding of their own. Times each case.
 */
export async function* runCases(bench: Workbench, group: CaseGroup): AsyncIterable<Finding> {
	for (let next: CaseGroup | undefined = group; next; ) next = yield* attempt(bench, next);
}

/** Returns the group that continues after a loss. */
async function* attempt(
	bench: Workbench,
	group: CaseGroup,
): AsyncGenerator<Finding, CaseGroup | undefined, void> {
	const { cases, leftovers = "leftovers", evidence = {} } = group;
	const evidenceOf = (name: string) => (typeof evidence === "function" ? evidence(name) : evidence);
	const open = new Set(cases);
	let last = performance.now();
	/** Each gets the same part of the time since the findings before. */
	const timed = (findings: readonly Finding[]): Finding[] => {
		const now = performance.now();
		const part = Math.round(((now - last) * 1000) / findings.length) / 1000;
		last = now;
		return findings.map((finding) => ({ ...finding, duration_ms: finding.duration_ms ?? part }));
	};
	try {
		for await (const found of group.run()) {
			const findings = [found].flat();
			for (const finding of findings) open.delete(finding.case);
			yield* timed(findings);
		}
		yield* timed(
			[...open].map((name) => ({
				case: name,
				outcome: "error",
				reason: reason("no-finding", { case: name }),
				evidence: evidenceOf(name),
			})),
		);
		open.clear();
		if (group.spoils) await bench.spoil();
		else {
			const left = await bench.leftovers();
			if (left.length > 0) yield* timed([leftBehind(leftovers, group.after, left, evidenceOf(leftovers))]);
			if (group.alone) await bench.spoil();
		}
	} catch (cause) {
		const known = group.known?.(cause);
		if (known) await bench.spoil();
		const lost = known ? undefined : await bench.lost(cause);
		const resultOf = (name: string): FindingBody => known ?? { ...lost!, evidence: evidenceOf(name) };
		if (open.size === 0) open.add(leftovers);
		else if (lost) {
			const onward = group.continued?.({ ...lost, evidence: {} }, cause);
			if (onward) {
				const body = (name: string) => onward.verdict ?? resultOf(name);
				yield* timed(onward.blamed.map((name) => ({ case: name, ...body(name) })));
				return onward.next;
			}
		}
		yield* timed([...open].map((name) => ({ case: name, ...resultOf(name) })));
	}
	return undefined;
}

/** The finding that a guest was not empty again. */
export function leftBehind(
	name: string,
	after: string,
	left: readonly string[],
	evidence: Record<string, unknown>,
): Finding {
	const more = left.length > maxNamed ? ` and ${left.length - maxNamed} more` : "";
	return {
		case: name,
		outcome: "fail",
		reason: reason("leftovers", { after, left: `${left.slice(0, maxNamed).join(", ")}${more}` }),
		evidence: { ...evidence, leftovers: left.slice(0, maxListed) },
	};
}
