// SPDX-License-Identifier: Apache-2.0

import { equalBytes } from "../../../data/packet/bytes.js";
import type { ProgramCoverage } from "../../../machine/guest/operations.js";

/** Instructions of a program that run all or not at all. */
export interface Block {
	/** First slot, and the one after its last. */
	start: number;
	end: number;
	instructions: number;
	/** Undefined where there was no room for a probe. */
	reached: boolean | undefined;
}

export function blocksOf({ insns, blocks, reached }: ProgramCoverage, littleEndian: boolean): Block[] {
	const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
	const starts = Array.from(reached, (_, index) => view.getUint32(index * 8, littleEndian));
	return starts.map((start, index) => ({
		start,
		end: starts[index + 1] ?? insns,
		instructions: view.getUint32(index * 8 + 4, littleEndian),
		reached: reached[index] === 2 ? undefined : reached[index] === 1,
	}));
}

export function blockAt(blocks: readonly Block[], slot: number): Block | undefined {
	let [low, high] = [0, blocks.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((blocks[middle]?.end ?? 0) <= slot) low = middle + 1;
		else high = middle;
	}
	return blocks[low];
}

/** What two loads of one program on one kernel reached together: their instructions are equal. */
export function joined(a: ProgramCoverage, b: ProgramCoverage): ProgramCoverage {
	if (!equalBytes(a.blocks, b.blocks) || a.reached.length !== b.reached.length)
		throw new Error(`two loads of ${a.name} have different blocks`);
	return { ...a, reached: a.reached.map((state, index) => Math.max(state, b.reached[index] ?? 0)) };
}
