// SPDX-License-Identifier: Apache-2.0

/** Mistakes that vectors have to find in a program. */
export const kinds = [
	"verdict swapped",
	"checksum not updated",
	"counter off by one",
	"payload mangled",
] as const;
export type Kind = (typeof kinds)[number];

/**
 * A change of a source; of an object that comes without one, of its instructions, which are written
 * in hex.
 */
export interface Patch {
	/** In the package: a source, or an object. */
	file: string;
	/** Stands in the file exactly once. */
	search: string;
	replace: string;
	/** Below `programs`: where the source is when the package has the object alone. */
	source?: string;
}

/** A source with one mistake, and the vector that has to find it. */
export interface Mutant extends Patch {
	/** Case of the vectors check that fails. */
	case: string;
	/** What it says of packet and field. */
	message: string;
}

/** Why a program cannot have a mistake of a kind. */
export interface Impossible {
	because: string;
	/** A program that makes it nevertheless, and that no kernel loads. */
	refused?: Patch;
}

/** Of each networking example its mutants by kind, or why there can be none. */
export type Mutants = Record<Kind, readonly Mutant[] | Impossible>;

export const writesNothing: Impossible = {
	because: "it writes into no packet, as its vectors say, so that there is no checksum to update",
};
/** Turns over a bit of byte `offset` of the packet, in a program of XDP or tc. */
export const mangleXdp = (offset: number, context = "ctx") =>
	`{ __u8 *byte = (void *)(long)${context}->data + ${offset}; if ((void *)(byte + 1) <= (void *)(long)${context}->data_end) *byte ^= 1; }`;
export const mangleSkb = (offset: number) =>
	`{ char byte = '*'; bpf_skb_store_bytes(skb, ${offset}, &byte, 1, 0); }`;
