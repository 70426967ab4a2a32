// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import type { Finding } from "../../../lab/check.js";
import type { Limit, Neighbours } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { type Scene, tried } from "../scene.js";

/** As many programs as the mechanism promises to take, and one more. */
export async function* limits({ chain, stage }: Scene): AsyncIterable<Finding> {
	const name = `${chain.name}/limit`;
	yield await tried(chain, name, async () => judgeLimit(name, chain, await stage.limit()));
}

function judgeLimit(name: string, chain: DeclaredChain, limit: Limit): Finding {
	const { promised, taken, met, errno, metWithOneMore } = limit;
	const evidence = {
		...{ promised, taken, met, one_more: errno === 0 ? "taken" : errnoName(errno) },
		...(metWithOneMore === undefined ? {} : { met_with_one_more: metWithOneMore }),
	};
	const wrong = wrongLimit(limit);
	if (wrong === undefined) return { case: name, outcome: "pass", evidence };
	return {
		case: name,
		outcome: "fail",
		reason: {
			code: "chain-limit",
			message: `${wrong} (${chain.mechanism} on ${chain.hook})`,
			hint: "this kernel keeps the limit of its mechanism otherwise than others: plan chains with room",
		},
		evidence,
	};
}

/** What differs from what the mechanism promises; undefined when nothing does. */
export function wrongLimit({
	promised,
	unbounded,
	taken,
	met,
	errno,
	metWithOneMore,
}: Limit): string | undefined {
	if (taken < promised) return `the kernel took only ${taken} of ${promised} programs (${errnoName(errno)})`;
	if (met < promised) return `a packet met only ${met} of ${promised} programs`;
	if (unbounded)
		return errno === 0 && metWithOneMore !== promised + 1
			? `a packet met ${metWithOneMore} of ${promised + 1} programs, all of which the kernel took`
			: undefined;
	if (metWithOneMore === undefined)
		return errno === 0
			? `the kernel took ${taken} programs, more than the ${promised} that there may be`
			: undefined;
	return metWithOneMore > promised
		? `a packet met ${metWithOneMore} programs, more than the ${promised} that there may be`
		: undefined;
}

/** Other lists that the chain's packets pass. */
export async function* neighbours({ chain, stage }: Scene): AsyncIterable<Finding> {
	const name = `${chain.name}/neighbours`;
	yield await tried(chain, name, async () => judgeNeighbours(name, chain, await stage.neighbours()));
}

function judgeNeighbours(name: string, { hook }: DeclaredChain, told: Neighbours | undefined): Finding {
	if (!told)
		return {
			case: name,
			outcome: "skip",
			reason: {
				code: "no-neighbour",
				message: `this kernel has no other list of programs that packets on ${hook} pass and that could be tried with this one`,
				hint: "nothing is to be done",
			},
			evidence: {},
		};
	const { promise, expected, found } = told;
	if (expected === found) return { case: name, outcome: "pass", evidence: { ...told } };
	return {
		case: name,
		outcome: "fail",
		reason: {
			code: "chain-neighbours",
			message: `${promise}; here packets met ${found} and not ${expected}`,
			hint: "do not share the hook between the two on this kernel",
		},
		evidence: { ...told },
	};
}
