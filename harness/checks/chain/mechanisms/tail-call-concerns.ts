// SPDX-License-Identifier: Apache-2.0

import { usesOf } from "../../../data/package/elf/calls.js";
import { STT } from "../../../data/package/elf/elf.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { KernelPromise } from "../mechanism.js";
import type { ChainProgram, DeclaredChain } from "../model/declared.js";
import { tailCallPromises } from "../tail-call-promises.js";

/**
 * How many functions, besides the program itself, have to make tail calls for a program to rely on
 * a promise. Of the others no program can be told to rely on them by looking at it: what a kernel
 * makes of them is evidence alone.
 */
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

/** What the kernel promises of tail calls, and which programs of the chain rely on it. */
export async function chainPromises(chain: DeclaredChain, guest: Guest): Promise<KernelPromise[]> {
	const programs = [...(chain.root ? [{ ...chain.root, label: "the root" }] : []), ...chain.members];
	const calling = programs.map((program) => ({
		label: program.label,
		functions: tailCallingFunctions(program).length,
	}));
	return (await tailCallPromises(guest)).map((promise) => {
		const needed = functionsNeeded[promise.name] ?? Number.POSITIVE_INFINITY;
		const concerned = calling.filter(({ functions }) => functions >= needed);
		return { ...promise, concerns: concerned.map(({ label }) => label) };
	});
}

/** Functions that a program calls, and that make tail calls or call others that do. */
export function tailCallingFunctions({ object: { elf }, program }: ChainProgram): string[] {
	const uses = usesOf(elf);
	return program.uses.functions.filter((name) => {
		const symbol = elf.symbols.find((each) => each.type === STT.FUNC && each.name === name);
		return symbol && uses(symbol.section, symbol.value).helpers.includes("tail_call");
	});
}
