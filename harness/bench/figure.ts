// SPDX-License-Identifier: Apache-2.0

/** One measured figure, and what it was compared with in the same run. */
export interface Figure {
	name: string;
	value: number;
	unit: string;
	/** The other side of the comparison, measured in turn with this one; empty without one. */
	against: string;
	/** How many times better this side is than the other; 0 without another side. */
	ratio: number;
	/** Only in a trace: number of calls, and CPU time of QEMU and of the runner. */
	calls?: number;
	cpu_ms?: { qemu: number; runner: number };
	/** How it was measured: of what, how often, which statistic. */
	how: string;
}

/** The middle value; for an even count, the mean of the middle two. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle];
	if (upper === undefined) throw new Error("no values to take the median of");
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
	const started = performance.now();
	await work();
	return performance.now() - started;
}

/** Measures `a` and `b` in turn, so that a slower machine affects both. */
export async function inTurn(
	times: number,
	a: () => Promise<number>,
	b: () => Promise<number>,
): Promise<{ a: number[]; b: number[] }> {
	const taken = { a: [] as number[], b: [] as number[] };
	for (let turn = 0; turn < times; turn++) {
		taken.a.push(await a());
		taken.b.push(await b());
	}
	return taken;
}

/** Rounds to three significant digits. */
export function rounded(value: number): number {
	return Number(value.toPrecision(3));
}
