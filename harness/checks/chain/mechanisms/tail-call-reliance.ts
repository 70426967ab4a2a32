// SPDX-License-Identifier: Apache-2.0

import { usesOf } from "../../../data/package/elf/calls.js";
import { STT } from "../../../data/package/elf/elf.js";
import type { ChainProgram, DeclaredChain } from "../model/declared-chain.js";

/** Functions that must make tail calls for a program to rely on a promise, where that shows. */
const functionsNeeded: Readonly<Record<string, number>> = {
	limit: 0,
	"limit-of-computed-slots": 0,
	"empty-slot": 0,
	"slot-beyond": 0,
	"limit-by-function": 1,
	"limit-into-function": 1,
	"limit-by-two-functions": 2,
	"limit-of-branches": 2,
};

/** Which programs of a chain rely on a promise of tail calls, by its name: their labels. */
export function reliance(chain: DeclaredChain): (promise: string) => string[] {
	const programs = [...(chain.root ? [{ ...chain.root, label: "the root" }] : []), ...chain.members];
	const calling = programs.map((program) => ({
		label: program.label,
		functions: tailCallingFunctions(program).length,
	}));
	return (promise) => {
		const needed = functionsNeeded[promise] ?? Number.POSITIVE_INFINITY;
		return calling.filter(({ functions }) => functions >= needed).map(({ label }) => label);
	};
}

/** Functions that a program calls, and that make tail calls or call others that do. */
export function tailCallingFunctions({ object: { elf }, program }: ChainProgram): string[] {
	const uses = usesOf(elf);
	return program.uses.functions.filter((name) => {
		const symbol = elf.symbols.find((each) => each.type === STT.FUNC && each.name === name);
		return symbol && uses(symbol.section, symbol.value).helpers.includes("tail_call");
	});
}
