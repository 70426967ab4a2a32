// SPDX-License-Identifier: Apache-2.0
import type { Results } from "../base/results.js";

/** What a run did not test although it may seem so, a sentence each. @param only of this package */
export function leftOut({ run, packages }: Results, only?: string): string[] {
	const filters = (run.filter ?? []).map((filter) => JSON.stringify(filter)).join(" or ");
	return [
		...(filters === "" ? [] : [`Only cases that match ${filters} were tested.`]),
		...fromEarlierRun(run, only),
		...packages.flatMap(({ name, not_loaded = [] }) => {
			if (not_loaded.length === 0 || (only ?? name) !== name) return [];
			const programs = not_loaded.map(({ program, section, by }) =>
				by === "section" ? `${program} (section ${section})` : `${program} (autoload is false)`,
			);
			const optional = not_loaded.some(({ by }) => by === "section");
			const hint = optional ? " --autoload all tests optional programs." : "";
			return [`${name}: not loaded, so not tested: ${programs.join(", ")}.${hint}`];
		}),
		...packages.flatMap(({ name, not_attached = [] }) => {
			if (not_attached.length === 0 || (only ?? name) !== name) return [];
			const programs = not_attached.map(({ program }) => program).join(", ");
			return [`${name}: the load check does not attach ${programs}: the manifest says hook "none".`];
		}),
	];
}

const maxNamed = 5;

/** Results that this run took over. */
function fromEarlierRun({ resumed = [] }: Results["run"], only: string | undefined): string[] {
	const cells = resumed.filter(({ package: name }) => (only ?? name) === name);
	if (cells.length === 0) return [];
	const named = cells.slice(0, maxNamed).map(({ package: name, kernel }) => `${name} on ${kernel}`);
	const more = cells.length > maxNamed ? ` and ${cells.length - maxNamed} more` : "";
	const times = cells.map(({ finished }) => finished).sort();
	const what = cells.length === 1 ? "This result is" : "These results are";
	return [`${what} from an earlier run (${times[0]}): ${named.join(", ")}${more}.`];
}
