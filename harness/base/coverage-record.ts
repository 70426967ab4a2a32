// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

const Count = Type.Integer({ minimum: 0 });
const Lines = Type.String({
	pattern: "^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$",
	description: "ascending, as `12-15,17`; see `linesIn`",
});

/** The part of a source file that one program has instructions from; named as the compiler did. */
export const CoveredFile = Type.Object({
	file: Type.String(),
	reached: Lines,
	missed: Lines,
	functions: Type.Array(
		Type.Object({
			name: Type.String(),
			line: Type.Integer({ minimum: 1 }),
			reached: Type.Boolean(),
		}),
	),
});
export type CoveredFile = Static<typeof CoveredFile>;

/** Evidence `coverage` of cases `coverage/…`: how much of one program the vectors reached. */
export const CoverageEvidence = Type.Object({
	object: Type.String({ description: "file in the package" }),
	program: Type.String(),
	vectors: Type.Integer({ minimum: 0, description: "number of vectors run on this program" }),
	instructions: Type.Object({
		reached: Count,
		total: Count,
		unmeasured: Type.Integer({
			minimum: 0,
			description: "part of `total`: not known whether reached",
		}),
		loaded: Type.Integer({ minimum: 0, description: "instruction slots loaded, with the probes" }),
	}),
	blocks: Type.Object({ reached: Count, total: Count, unmeasured: Count }),
	lines: Type.Object({ reached: Count, total: Count }),
	missed: Type.Array(Type.String(), { description: "`<file>:<lines>` that no vector reached" }),
	files: Type.Array(CoveredFile),
});
export type CoverageEvidence = Static<typeof CoverageEvidence>;

/** Numbers as ranges: `12-15,17`. */
export function rangesOf(numbers: Iterable<number>): string {
	const ranges: [first: number, last: number][] = [];
	for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
		const open = ranges.at(-1);
		if (open && open[1] + 1 === number) open[1] = number;
		else ranges.push([number, number]);
	}
	return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** The numbers in a text of `rangesOf`, ascending. */
export function linesIn(ranges: string): number[] {
	if (ranges === "") return [];
	return ranges.split(",").flatMap((range) => {
		const [first = 0, last = first] = range.split("-").map(Number);
		return Array.from({ length: last - first + 1 }, (_, index) => first + index);
	});
}
