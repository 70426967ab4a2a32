// SPDX-License-Identifier: Apache-2.0
import type { KernelPromise } from "../base/kernel-promise.js";
import type { Results } from "../base/results.js";
import { groupBy, key } from "./cells.js";

/** A promise that kernels break, or that is weak although they keep it. */
export interface KernelFinding {
	kind: "broken" | "weak";
	/** `signatures/map-by-fd`; with several of the same text all of them. */
	promises: string[];
	kernels: string[];
	/** What happened, in one sentence without a full stop. */
	text: string;
}

/** What kernels answered when qualified: broken promises first, equal texts once. */
export function kernelFindings(results: Results): KernelFinding[] {
	const found = results.kernels.flatMap(({ id, promises = {} }) =>
		Object.entries(promises).flatMap(([area, all]) =>
			all.flatMap((promise) => {
				const told = textOf(promise);
				return told ? [{ ...told, promise: `${area}/${promise.name}`, kernel: id }] : [];
			}),
		),
	);
	const entries = [...groupBy(found, ({ kind, text }) => key(kind, text)).values()].map(
		(group): KernelFinding => ({
			kind: group[0]!.kind,
			text: group[0]!.text,
			promises: [...new Set(group.map(({ promise }) => promise))],
			kernels: [...new Set(group.map(({ kernel }) => kernel))],
		}),
	);
	return entries.sort((a, b) => a.kind.localeCompare(b.kind));
}

function textOf({ promise, expected, seen, kept, weakness }: KernelPromise) {
	if (kept === false)
		return { kind: "broken" as const, text: `${promise}: expected ${expected}, found ${seen}` };
	if (kept && weakness !== undefined) return { kind: "weak" as const, text: weakness };
	return undefined;
}
