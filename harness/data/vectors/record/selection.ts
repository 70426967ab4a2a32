// SPDX-License-Identifier: Apache-2.0

/** Most ranges of one selection, as it is read. */
const maxRanges = 256;

/**
 * Frame numbers as the keys of `each` have them: `1-3,7`; several where there are too many ranges
 * for one.
 */
export function frameSelections(frames: readonly number[]): string[] {
	const ranges: { from: number; to: number }[] = [];
	for (const frame of [...new Set(frames)].sort((a, b) => a - b)) {
		const last = ranges.at(-1);
		if (last && frame === last.to + 1) last.to = frame;
		else ranges.push({ from: frame, to: frame });
	}
	const texts = ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
	return Array.from({ length: Math.ceil(texts.length / maxRanges) }, (_, at) =>
		texts.slice(at * maxRanges, (at + 1) * maxRanges).join(","),
	);
}
