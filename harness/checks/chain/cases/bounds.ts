// SPDX-License-Identifier: Apache-2.0
import { errnoName } from "../../../uapi/errno.js";
import type { Finding } from "../../check.js";
import type { Scene } from "../scene.js";

/** As many programs as the mechanism promises to take, and one more. */
export async function* limits({ chain, stage }: Scene): AsyncIterable<Finding> {
	const name = `${chain.name}/limit`;
	const { promised, taken, met, errno, metWithOneMore } = await stage.limit();
	const evidence = {
		...{ promised, taken, met, one_more: errno === 0 ? "taken" : errnoName(errno) },
		...(metWithOneMore === undefined ? {} : { met_with_one_more: metWithOneMore }),
	};
	const wrong =
		taken < promised
			? `the kernel took only ${taken} of ${promised} programs (${errnoName(errno)})`
			: met < promised
				? `a packet met only ${met} of ${promised} programs`
				: metWithOneMore !== undefined && metWithOneMore > promised
					? `a packet met ${metWithOneMore} programs, more than the ${promised} that there may be`
					: metWithOneMore === undefined && errno === 0
						? `the kernel took ${taken} programs, more than the ${promised} that there may be`
						: undefined;
	if (wrong === undefined) yield { case: name, outcome: "pass", evidence };
	else
		yield {
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

/** Two lists on one hook. */
export async function* neighbours({ chain, stage }: Scene): AsyncIterable<Finding> {
	const name = `${chain.name}/neighbours`;
	const told = await stage.neighbours();
	if (!told) {
		yield {
			case: name,
			outcome: "skip",
			reason: {
				code: "no-neighbour",
				message: `this kernel has no second list of programs on ${chain.hook} that could be tried with this one`,
				hint: "nothing is to be done",
			},
			evidence: {},
		};
		return;
	}
	const { promise, expected, found } = told;
	if (expected === found) yield { case: name, outcome: "pass", evidence: { ...told } };
	else
		yield {
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
