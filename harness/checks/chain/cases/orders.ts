// SPDX-License-Identifier: Apache-2.0

import type { Finding } from "../../../lab/check.js";
import { type Judgement, judge, label } from "../judge.js";
import type { Built, Stage } from "../mechanism.js";
import { configuredDifferences, executedDifferences, type Met } from "../model/compare.js";
import { chainPicture } from "../model/picture.js";
import { chainPictureSvg } from "../model/picture-svg.js";
import { chainView } from "../model/view.js";
import { type Scene, shown } from "../scene.js";
import type { Encounter } from "../traffic.js";

/** Columns: a terminal has 80, of which a report indents 4. */
const pictureWidth = 76;

/** Differences in a message: of a long chain that ends early each member behind is one. */
const mostSaid = 3;

/** A chain on its hook, whoever has put it there. */
type Standing = Pick<Scene, "chain" | "members"> & { stage: Pick<Stage, "traffic"> };

/**
 * The chain as declared, as the kernel lists it and as packets met it: cases `configured` and
 * `executed`.
 */
export async function* orders(scene: Standing, built: Pick<Built, "configured">): AsyncIterable<Finding> {
	const { chain, stage, members } = scene;
	const declared = members.map(label);
	const configured = (await built.configured()).map(shown);
	const judged = (await stage.traffic.sample()).map((encounter) => ({
		encounter,
		judgement: asSaid(judge(chain, members, encounter), encounter, declared),
	}));
	yield configuredFinding(scene, declared, configured);
	yield executedFinding(scene, declared, configured, judged);
}

function configuredFinding({ chain }: Standing, declared: string[], configured: string[]): Finding {
	const differences = configuredDifferences(declared, configured).map(({ message }) => message);
	const name = `${chain.name}/configured`;
	const evidence = { declared, configured };
	if (differences.length === 0) return { case: name, outcome: "pass", evidence };
	return {
		case: name,
		outcome: "fail",
		reason: {
			code: "chain-configured",
			message: `${chain.name} is not in the order that the manifest promises: ${said(differences)}`,
			hint: `put the members in the order in which they are to run, or give them priorities in that order (${chain.mechanism}, docs/chains.md)`,
		},
		evidence: { ...evidence, differences },
	};
}

/** Holds it against what the manifest says of this packet too. */
function asSaid(judgement: Judgement, { meets }: Encounter, declared: readonly string[]): Judgement {
	if (!meets || judgement.differences.length > 0) return judgement;
	const { found } = judgement;
	const differences = executedDifferences(meets, found, declared).map(({ message }) => message);
	for (const { member, verdict } of meets) {
		const said = found.find((met) => met.member === member)?.verdict;
		if (verdict !== undefined && said !== undefined && said !== verdict)
			differences.push(`${member} should return ${verdict} and returned ${said}`);
	}
	return { ...judgement, expected: [...meets], differences };
}

interface Judged {
	encounter: Encounter;
	judgement: Judgement;
}

function executedFinding(
	{ chain, members }: Standing,
	declared: string[],
	configured: string[],
	judged: readonly Judged[],
): Finding {
	const name = `${chain.name}/executed`;
	const differing = judged.find(({ judgement }) => judgement.differences.length > 0);
	const longest = judged.reduce((a, b) => (b.encounter.met.length > a.encounter.met.length ? b : a));
	const { judgement } = differing ?? longest;
	const view = chainView({
		title: `${chain.name}: ${chain.hook} by ${chain.mechanism}, ${judgement.what}`,
		...{ declared, configured, expected: judgement.expected, executed: judgement.found },
	});
	const evidence = {
		...{ declared, configured, expected: words(judgement.expected), executed: words(judgement.found) },
		packets: judged.map(({ judgement: { what, found } }) => ({ what, met: words(found) })),
		picture: chainPicture(view, { width: pictureWidth }),
		svg: chainPictureSvg(view),
	};
	if (differing) {
		const { what, differences } = differing.judgement;
		return {
			case: name,
			outcome: "fail",
			reason: {
				code: "chain-executed",
				message: `${what} did not meet ${chain.name} as it is declared: ${said(differences)}`,
				hint: "look at the picture in the evidence: what packets met differs from the manifest",
			},
			evidence: { ...evidence, differences },
		};
	}
	const met = new Set(judged.flatMap(({ encounter }) => encounter.met.map(({ part }) => label(part))));
	const never = members.find((part) => !met.has(label(part)));
	if (never) {
		const last = longest.judgement.found.at(-1);
		const end = last ? `ended at place ${longest.judgement.found.length}, ${word(last)}` : "met nobody";
		return {
			case: name,
			outcome: "fail",
			reason: {
				code: "member-never-ran",
				message: `${label(never)} should run at place ${members.indexOf(never) + 1} and never ran: of ${judged.length} packets the one that came furthest ${end}`,
				hint: "mend what ends the chain early, or give the chain a packet that reaches every member (chains[].packets)",
			},
			evidence: { ...evidence, never: label(never) },
		};
	}
	return { case: name, outcome: "pass", evidence };
}

/** The evidence has them all. */
function said(differences: readonly string[]): string {
	const more = differences.length - mostSaid;
	return [...differences.slice(0, mostSaid), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

const word = ({ member, verdict }: Met) => (verdict === undefined ? member : `${member} (${verdict})`);
const words = (met: readonly Met[]) => met.map(word);
