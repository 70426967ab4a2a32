// SPDX-License-Identifier: Apache-2.0
import type { Results } from "../base/results.js";
import { groupBy } from "./cells.js";

/** What packages may do to a machine, a sentence each. @param only of this package */
export function capabilities({ packages }: Results, only?: string): string[] {
	return packages.flatMap(({ name, capabilities: found = [] }) => {
		if ((only ?? name) !== name) return [];
		return [...groupBy(found, (each) => each.case)].map(([code, some]) => {
			const more = some.length > 1 ? `, and so do ${some.length - 1} more programs` : "";
			return `${name}: ${some[0]?.reason.message}${more} [${code}]`;
		});
	});
}

export const capabilitiesTitle = "What programs may do to the machine (no failure):";
