// SPDX-License-Identifier: Apache-2.0

import { retvalNumber } from "../../../base/retval.js";
import type { Btf } from "./btf.js";
import { integerOf } from "./btf-value.js";

/**
 * `constant`: of `.rodata`, `_Bool` is true or false; `given`: put into a map; `expected`: may be
 * relative, unions several, pointers numbers.
 */
export type Purpose = "constant" | "given" | "expected";

/** An integer as a file has it. */
export interface WrittenInteger {
	value: bigint;
	/** `{ "be": 443 }`: kept in network order, whatever the type says. */
	bigEndian: boolean;
	/** `"+1"`: to be added to what was there before. */
	relative: boolean;
}

/** A number, digits, an enumerator of `btf`, `XDP_DROP` and its like, or these under `be`. */
export function writtenInteger(
	written: unknown,
	purpose: Purpose,
	btf: Btf | undefined,
): WrittenInteger | undefined {
	const bigEndian = typeof written === "object" && written !== null && Object.keys(written).join() === "be";
	const plain: unknown = bigEndian ? (written as { be: unknown }).be : written;
	const value = integerIn(plain, purpose, btf);
	if (value === undefined) return undefined;
	const relative = purpose === "expected" && typeof written === "string" && /^[+-]\d+$/.test(written);
	return { value, bigEndian, relative };
}

/** The least and the most that an integer of so many bits can be. */
export function integerRange(bits: number, signed: boolean): { least: bigint; most: bigint } {
	return {
		least: signed ? -(1n << BigInt(bits - 1)) : 0n,
		most: (1n << BigInt(signed ? bits - 1 : bits)) - 1n,
	};
}

function integerIn(value: unknown, purpose: Purpose, btf: Btf | undefined): bigint | undefined {
	if (typeof value === "string" && /^\+\d+$/.test(value))
		return purpose === "expected" ? integerOf(value.slice(1)) : undefined;
	return integerOf(value) ?? (typeof value === "string" ? enumerator(value, btf) : undefined);
}

function enumerator(name: string, btf: Btf | undefined): bigint | undefined {
	const action = retvalNumber("xdp", name);
	if (action !== undefined) return BigInt(action);
	if (!btf || !/^[A-Za-z_]/.test(name)) return undefined;
	for (const kind of ["enum", "enum64"] as const)
		for (const id of btf.ids(kind)) {
			const type = btf.type(id);
			const found = type.kind === kind ? type.values.find((candidate) => candidate.name === name) : undefined;
			if (found) return found.value;
		}
	return undefined;
}
