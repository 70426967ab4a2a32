// SPDX-License-Identifier: Apache-2.0
import { reason } from "../../../data/reasons/registry/registry.js";
import type { FindingBody } from "../../../lab/check.js";
import { failed, passed, undecided } from "../../../lab/findings.js";
import type { KernelPromise } from "../../../lab/promise.js";
import type { DeclaredChain } from "../model/declared-chain.js";

/**
 * Case `promises`: what the kernel was seen to promise of tail calls (`bpfgate kernels qualify`). A
 * failure when the kernel breaks what programs of the chain rely on.
 * @param relying labels of the programs that rely on a promise
 */
export function promisesFinding(
	{ name: chain, mechanism }: DeclaredChain,
	promises: readonly KernelPromise[],
	relying: (promise: string) => readonly string[],
): FindingBody {
	const prefix = `${mechanism}/`;
	const own = promises
		.filter(({ name }) => name.startsWith(prefix) && !name.slice(prefix.length).includes("/"))
		.map((promise) => ({ ...promise, name: promise.name.slice(prefix.length) }));
	if (own.length === 0) return undecided(reason("chain-promise-unknown", { chain }));
	const broken = own
		.filter(({ kept }) => kept === false)
		.map(({ name, promise, expected, seen }) => ({
			...{ name, promise, expected, seen },
			relying: relying(name),
		}));
	const unasked = own.flatMap(({ name, lack }) => (lack === undefined ? [] : [[name, lack] as const]));
	const evidence = {
		kept: own.filter(({ kept }) => kept).map(({ name }) => name),
		broken: broken.map(({ relying, ...each }) => ({ ...each, ...(relying.length > 0 ? { relying } : {}) })),
		...(unasked.length > 0 ? { not_asked: Object.fromEntries(unasked) } : {}),
	};
	const first = broken.find((each) => each.relying.length > 0);
	return first ? failed(reason("chain-promise", { chain, ...first }), evidence) : passed(evidence);
}
