// SPDX-License-Identifier: Apache-2.0

import { reason } from "../../../data/reasons/registry/registry.js";
import type { Finding, FindingBody } from "../../../lab/check.js";
import { failed, passed } from "../../../lab/findings.js";
import { type ChainUnderTest, listedName } from "../chain-case.js";
import { label } from "../chain-entry.js";
import { type Judgement, judge } from "../execution.js";
import type { AttachedChain, AttachPoint } from "../mechanism.js";
import { chainView } from "../model/chain-view.js";
import { configuredDifferences, executedDifferences, type Met } from "../model/order-differences.js";
import { chainPicture } from "../model/picture.js";
import { chainPictureSvg } from "../model/picture-svg.js";
import type { PacketTrace } from "../packet-trace.js";

/** Columns: a terminal has 80, and a report indents 4. */
const pictureWidth = 76;

/** Differences in a message: of a long chain that ends early each later member is one. */
const maxNamed = 3;

/** A chain on its hook, built by bpfgate or by a loader. */
type OnHook = Pick<ChainUnderTest, "chain" | "members"> & { attachPoint: Pick<AttachPoint, "traffic"> };

/** Cases `configured` and `executed`; also labels of members after which packets ended early. */
export async function orders(
	subject: OnHook,
	attached: Pick<AttachedChain, "configured">,
): Promise<{ findings: Finding[]; stoppers: ReadonlySet<string> }> {
	const { chain, attachPoint, members } = subject;
	const declared = members.map(label);
	const configured = (await attached.configured()).map(listedName);
	const judged = (await attachPoint.traffic.sample()).map((trace) => ({
		trace,
		judgement: asDeclared(judge(chain, members, trace), trace, declared),
	}));
	const stoppers = new Set(judged.flatMap(({ judgement: { stoppedBy } }) => stoppedBy ?? []));
	const findings = [
		{ case: `${chain.name}/configured`, ...configuredFinding(subject, declared, configured) },
		{ case: `${chain.name}/executed`, ...executedFinding(subject, declared, configured, judged) },
	];
	return { findings, stoppers };
}

function configuredFinding({ chain }: OnHook, declared: string[], configured: string[]): FindingBody {
	const differences = configuredDifferences(declared, configured).map(({ message }) => message);
	const evidence = { declared, configured };
	if (differences.length === 0) return passed(evidence);
	const facts = { chain: chain.name, mechanism: chain.mechanism, differences: shortened(differences) };
	return failed(reason("chain-configured", facts), { ...evidence, differences });
}

/** Compares it with what the manifest says about this packet too. */
function asDeclared(judgement: Judgement, { meets }: PacketTrace, declared: readonly string[]): Judgement {
	if (!meets || judgement.differences.length > 0) return judgement;
	const { found } = judgement;
	const differences = executedDifferences(meets, found, declared).map(({ message }) => message);
	for (const { member, verdict } of meets) {
		const returned = found.find((met) => met.member === member)?.verdict;
		if (verdict !== undefined && returned !== undefined && returned !== verdict)
			differences.push(`${member}: expected ${verdict}, returned ${returned}`);
	}
	return { ...judgement, expected: [...meets], differences };
}

interface Judged {
	trace: PacketTrace;
	judgement: Judgement;
}

function executedFinding(
	{ chain, members }: OnHook,
	declared: string[],
	configured: string[],
	judged: readonly Judged[],
): FindingBody {
	const differing = judged.find(({ judgement }) => judgement.differences.length > 0);
	const longest = judged.reduce((a, b) => (b.trace.met.length > a.trace.met.length ? b : a));
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
		const facts = { chain: chain.name, packet: what, differences: shortened(differences) };
		return failed(reason("chain-executed", facts), { ...evidence, differences });
	}
	const met = new Set(judged.flatMap(({ trace }) => trace.met.map(({ entry }) => label(entry))));
	const never = members.find((entry) => !met.has(label(entry)));
	if (!never) return passed(evidence);
	const last = longest.judgement.found.at(-1);
	const facts = {
		...{ member: label(never), position: members.indexOf(never) + 1, packets: judged.length },
		stopped: last ? `stopped at position ${longest.judgement.found.length}, ${word(last)}` : "met no member",
	};
	return failed(reason("member-never-ran", facts), { ...evidence, never: label(never) });
}

/** The evidence has them all. */
function shortened(differences: readonly string[]): string {
	const more = differences.length - maxNamed;
	return [...differences.slice(0, maxNamed), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

const word = ({ member, verdict }: Met) => (verdict === undefined ? member : `${member} (${verdict})`);
const words = (met: readonly Met[]) => met.map(word);
