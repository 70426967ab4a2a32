// SPDX-License-Identifier: Apache-2.0
import type { DeclaredMember } from "./model/declared-chain.js";

/**
 * What is attached at one position of a chain: a member's program, the same program loaded a second
 * time (to distinguish a replacement from what it replaces), or a program of bpfgate's own that
 * only returns `verdict`.
 */
export interface ChainEntry {
	member: DeclaredMember;
	program: "first" | "second" | { verdict: number };
}

/** `filter`, `filter (second)`, `bpfgate's stand-in for filter`. */
export function entryName(entry: ChainEntry): string {
	return entry.program === "second" ? `${entry.member.label} (second)` : label(entry);
}

/** As tables and sentences name it: both loads of a program have the label of the member. */
export function label({ member, program }: ChainEntry): string {
	return typeof program === "object" ? `bpfgate's stand-in for ${member.label}` : member.label;
}

export function sameEntry(a: ChainEntry, b: ChainEntry): boolean {
	return entryName(a) === entryName(b);
}
