// SPDX-License-Identifier: Apache-2.0
import type { ChainHook } from "../../data/package/sections/chain-hooks.js";
import type { DeclaredMember } from "./model/declared.js";

/**
 * What stands at one place of a chain: a member's program, the same program loaded a second time
 * (so that a replacement can be told from what it replaces), or bpfgate's own program that returns
 * `verdict` and nothing else.
 */
export interface Part {
	member: DeclaredMember;
	program: "first" | "second" | StandIn;
}

export interface StandIn {
	verdict: number;
	/**
	 * Of which it is a program, when it is not the chain's: for what stands before or behind the
	 * chain.
	 */
	hook?: ChainHook;
}

/** `filter`, `filter (second)`, `bpfgate's own in the place of filter`. */
export function partName({ member, program }: Part): string {
	if (program === "first") return member.label;
	return program === "second" ? `${member.label} (second)` : `bpfgate's own in the place of ${member.label}`;
}

export function samePart(a: Part, b: Part): boolean {
	return partName(a) === partName(b);
}
