// SPDX-License-Identifier: Apache-2.0

import { type CoveredFile, rangesOf } from "../../../base/coverage-record.js";
import type { Btf } from "../../../data/package/btf/btf.js";
import type { ProgramCoverage } from "../../../machine/guest/operations.js";
import { type Block, blockAt } from "./blocks.js";

interface SourceFile {
	/** Whether a line was reached; lines without a measured instruction are absent. */
	lines: Map<number, boolean>;
	functions: CoveredFile["functions"];
}

/**
 * What was reached of each source file. A line is reached if any of its instructions is (struct
 * bpf_line_info; a line of an inlined function has many). Line number 0 means no line.
 * @throws InputError when the BTF lacks a string or type
 */
export function coveredFiles(coverage: ProgramCoverage, btf: Btf, blocks: readonly Block[]): CoveredFile[] {
	const files = new Map<string, SourceFile>();
	const fileNamed = (name: string): SourceFile => {
		const file = files.get(name) ?? { lines: new Map(), functions: [] };
		files.set(name, file);
		return file;
	};
	/** By their place in the BTF: a name may have megabytes, and stand in every record. */
	const names = new Map<number, string>();
	const places = new Map<number, { file: string; line: number }>();
	for (const record of records(coverage.line_info, coverage.line_info_size, 16)) {
		const [slot, line] = [record.u32(0), record.u32(12) >>> 10];
		if (line === 0) continue;
		const file = names.get(record.u32(4)) ?? btf.string(record.u32(4), Number.MAX_SAFE_INTEGER);
		names.set(record.u32(4), file);
		places.set(slot, { file, line });
		// Only the block of the record counts: later blocks may belong to no line.
		const reached = blockAt(blocks, slot)?.reached;
		if (reached === undefined) continue;
		const { lines } = fileNamed(file);
		lines.set(line, reached || (lines.get(line) ?? false));
	}
	const functions = [...records(coverage.func_info, coverage.func_info_size, 8)].map((record) => ({
		start: record.u32(0),
		name: btf.name(record.u32(4)),
	}));
	for (const [index, { start, name }] of functions.entries()) {
		const end = functions[index + 1]?.start ?? coverage.insns;
		const place = places.get(start);
		if (!place) continue;
		const reached = blocks.some((block) => block.start >= start && block.end <= end && block.reached);
		fileNamed(place.file).functions.push({ name, line: place.line, reached });
	}
	return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, source]) => covered(file, source));

	function* records(bytes: Uint8Array, size: number, least: number) {
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		if (size < least) return;
		for (let at = 0; at + size <= bytes.length; at += size)
			yield { u32: (offset: number) => view.getUint32(at + offset, btf.littleEndian) };
	}
}

function covered(file: string, { lines, functions }: SourceFile): CoveredFile {
	const those = (wanted: boolean) => [...lines].filter(([, reached]) => reached === wanted);
	return {
		file,
		reached: rangesOf(those(true).map(([line]) => line)),
		missed: rangesOf(those(false).map(([line]) => line)),
		functions,
	};
}
