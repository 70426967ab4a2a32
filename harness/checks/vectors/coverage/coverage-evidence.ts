// SPDX-License-Identifier: Apache-2.0

import { type CoverageEvidence, linesIn } from "../../../base/coverage-record.js";
import type { PackageObject } from "../../../data/package/package.js";
import type { ProgramCoverage } from "../../../machine/guest/operations.js";
import { type Block, blocksOf } from "./blocks.js";
import { coveredFiles } from "./source-lines.js";

/**
 * How much of a program was reached, in instructions, blocks and, if the object has line
 * information, lines.
 *
 * @param vectors number of vectors that ran
 * @throws InputError when line information and BTF do not fit together
 */
export function coverageEvidence(
	object: PackageObject,
	coverage: ProgramCoverage,
	vectors: number,
): CoverageEvidence {
	const blocks = blocksOf(coverage, object.btf?.littleEndian ?? true);
	const files = object.btf ? coveredFiles(coverage, object.btf, blocks) : [];
	const reachedLines = sum(files, ({ reached }) => linesIn(reached).length);
	const missedLines = sum(files, ({ missed }) => linesIn(missed).length);
	const of = (wanted: boolean | undefined) => blocks.filter(({ reached }) => reached === wanted);
	const instructions = (some: readonly Block[]) => sum(some, (block) => block.instructions);
	return {
		object: object.file,
		program: coverage.name,
		vectors,
		instructions: {
			reached: instructions(of(true)),
			total: instructions(blocks),
			unmeasured: instructions(of(undefined)),
			loaded: coverage.probed_insns,
		},
		blocks: { reached: of(true).length, total: blocks.length, unmeasured: of(undefined).length },
		lines: { reached: reachedLines, total: reachedLines + missedLines },
		missed: files.flatMap(({ file, missed }) =>
			missed === "" ? [] : missed.split(",").map((range) => `${file}:${range}`),
		),
		files,
	};
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
	return list.reduce((total, item) => total + of(item), 0);
}
