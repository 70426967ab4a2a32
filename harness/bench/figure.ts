// SPDX-License-Identifier: Apache-2.0

/** One measured figure, and what it was measured against in the same run. */
export interface Figure {
	name: string;
	value: number;
	unit: string;
	/** The other side: what was done instead, in turn with this one. Empty when there is none. */
	against: string;
	/**
	 * The other side's figure for each of this one's: above 1, this one is that many times better.
	 * 0 without one.
	 */
	ratio: number;
	/** Of a trace: how often, and processor time in milliseconds of QEMU and of the runner. */
	calls?: number;
	cpu_ms?: { qemu: number; runner: number };
	/** How it was taken: how often, which statistic, of what. */
	how: string;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = sorted[middle];
	if (upper === undefined) throw new Error("no values to take the median of");
	return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Milliseconds that `work` takes. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
	const started = performance.now();
	await work();
	return performance.now() - started;
}

/** Takes `a` and `b` in turn, so that a machine that becomes slower meanwhile does so for both. */
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

/** Three digits that count, and no more than that. */
export function rounded(value: number): number {
	return Number(value.toPrecision(3));
}
