// SPDX-License-Identifier: Apache-2.0
import { reason } from "../../data/reasons/registry/registry.js";
import type { Finding, FindingBody } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";

export const scoreCase = "score";

/** How many takeovers took effect, and how many of those were noticed. */
interface Count {
	took: number;
	noticed: number;
}

const mostNamed = 8;

/**
 * What the detector notices of all takeovers that took effect, by group of technique, and what it
 * misses: one finding about the results of all others.
 */
export function scoreOf(findings: readonly Finding[], detector: string): FindingBody {
	const groups: Record<string, Count> = {};
	const missed = new Set<string>();
	const all: Count = { took: 0, noticed: 0 };
	if (findings.some(({ outcome, evidence }) => outcome === "fail" && evidence.result === "nothing"))
		return skipped(reason("takeover-score-void", { detector }), { groups });
	for (const { outcome, evidence } of findings) {
		if (evidence.result !== "took" || (outcome !== "pass" && outcome !== "fail")) continue;
		const name = String(evidence.group);
		const group = groups[name] ?? { took: 0, noticed: 0 };
		groups[name] = group;
		for (const count of [group, all]) {
			count.took++;
			if (outcome === "pass") count.noticed++;
		}
		if (outcome === "fail") missed.add(String(evidence.technique));
	}
	if (all.took === 0) return skipped(reason("takeover-none-took"), { groups });
	const names = [...missed];
	const measured = { ...all, groups, missed: names };
	if (names.length === 0) return passed(measured);
	const more = names.length - mostNamed;
	const listed = names.slice(0, mostNamed).join(", ") + (more > 0 ? ` and ${more} more` : "");
	return failed(reason("takeovers-missed", { detector, ...all, missed: listed }), measured);
}
