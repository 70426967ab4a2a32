// SPDX-License-Identifier: Apache-2.0
import type { Finding } from "../../../lab/check.js";
import type { KernelPromise } from "../mechanism.js";
import type { Scene } from "../scene.js";

/**
 * What else the kernel promises of the mechanism. It is a failure when it does not keep what
 * programs of the chain rely on.
 */
export async function* promises({ chain, stage }: Scene): AsyncIterable<Finding> {
	if (!stage.promises) return;
	const name = `${chain.name}/promises`;
	const tried = await stage.promises();
	const broken = tried.filter(({ lack, expected, found }) => lack === undefined && expected !== found);
	const evidence = {
		kept: tried.filter((each) => each.lack === undefined && !broken.includes(each)).map((each) => each.name),
		broken: broken.map(told),
		...lacking(tried),
	};
	const first = broken.find(({ concerns }) => concerns.length > 0);
	if (!first) yield { case: name, outcome: "pass", evidence };
	else
		yield {
			case: name,
			outcome: "fail",
			reason: {
				code: "chain-promise",
				message: `this kernel does not keep a promise that matters to ${first.concerns.join(" and ")} in ${chain.name}: ${first.promise} (${first.found} instead of ${first.expected})`,
				hint: "do it otherwise on this kernel, or promise later kernels only (kernels.from)",
			},
			evidence,
		};
}

const told = ({ name, promise, expected, found, concerns }: KernelPromise) => ({
	...{ name, promise, expected, found },
	...(concerns.length > 0 ? { concerns } : {}),
});

function lacking(tried: readonly KernelPromise[]): { not_tried?: Record<string, string> } {
	const reasons = tried.flatMap(({ name, lack }) => (lack === undefined ? [] : [[name, lack] as const]));
	return reasons.length > 0 ? { not_tried: Object.fromEntries(reasons) } : {};
}
