// SPDX-License-Identifier: Apache-2.0

import type { ChainMechanism } from "../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../lab/check.js";
import type { Lack } from "../../machine/features/missing.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { DeclaredChain } from "./model/declared.js";
import type { Part } from "./part.js";
import type { Traffic } from "./traffic.js";

/** One way of putting programs on a hook. */
export interface Mechanism {
	readonly name: ChainMechanism;
	/**
	 * Why this kernel cannot have the chain; undefined when it can. Probed, never told by the
	 * version.
	 */
	lack(chain: DeclaredChain, bench: Workbench): Promise<Lack | undefined>;
	/** Makes devices or cgroups, loads the members and has each recorded. */
	open(chain: DeclaredChain, guest: Guest): Promise<Stage>;
	/** What a packet finds after `lost` was taken away and nobody tended to the rest. */
	survivors(parts: readonly Part[], lost: Part): readonly Part[];
	/**
	 * The mechanism promises that no packet meets a chain that is half changed while a member of
	 * this one is replaced.
	 */
	replacesAtomically(chain: DeclaredChain): boolean;
	/**
	 * A replacement is two steps, each of them atomic: in between both stand there, the one that is
	 * replaced before the other.
	 */
	readonly replacesThroughBoth?: true;
}

/** Where chains of one declaration are built, one at a time. All of it is gone after `close`. */
export interface Stage {
	readonly traffic: Traffic;
	/**
	 * @param parts in the order of the declaration, each with its own priority
	 * @param attaching in which order they are attached, as indexes of `parts`; the order of the
	 * parts unless given
	 * @throws BuildError when the kernel refuses a part
	 */
	build(parts: readonly Part[], attaching?: readonly number[]): Promise<Built>;
	/** The most parts that a hook takes, tried with bpfgate's own programs. */
	limit(): Promise<Limit>;
	/**
	 * What other lists of programs that a packet passes have to do with this one, tried: tcx before
	 * clsact, XDP before tc.
	 */
	neighbours(): Promise<Neighbours | undefined>;
	/**
	 * What else the kernel promises of the mechanism, tried; absent where there is nothing more.
	 */
	promises?(): Promise<KernelPromise[]>;
	close(): Promise<void>;
}

/**
 * A chain on its hook. What changes it leaves it as an orchestrator would: complete, in the order
 * of the declaration.
 */
export interface Built {
	/** What the kernel lists, in its order; of programs that are no part, their ids. */
	configured(): Promise<(Part | number)[]>;
	/** Puts a part, which is not there, at the place that the declaration gives it. */
	insert(part: Part): Promise<void>;
	/** Takes a part away and joins its neighbours. */
	remove(part: Part): Promise<void>;
	/** Takes a part away behind the orchestrator's back; `survivors` says what is left. */
	lose(part: Part): Promise<void>;
	/** `by` stands where `part` stood, in one step where the mechanism has one. */
	replace(part: Part, by: Part): Promise<void>;
	/**
	 * What `replace` asks of the agent, for `packet_send`: operations that end with one errno each.
	 * Both are loaded; `part` need not stand there yet, for its member's place is what counts: what
	 * puts it back is asked for in advance.
	 */
	replacing(part: Part, by: Part): { op: string; args: unknown }[];
	/**
	 * The same in the steps of an orchestrator that leaves packets a half-changed chain meanwhile;
	 * absent where none is known to. `part` may be one that stands there only after an earlier such
	 * replacement.
	 */
	replacingInSteps?(part: Part, by: Part): Promise<{ op: string; args: unknown }[]>;
	/** The same parts in another order. */
	reorder(parts: readonly Part[]): Promise<void>;
	/**
	 * What this kernel made the orchestrator do that others do not, in words for the evidence;
	 * absent when there is never any.
	 */
	notes?(): string[];
	close(): Promise<void>;
}

export interface Limit {
	/** As many as the mechanism promises: `mechanismFacts`. */
	promised: number;
	/**
	 * That number is bpfgate's own, and the kernel has none: one more is no failure, if packets
	 * meet it.
	 */
	unbounded?: true;
	/** How many the kernel took, and how many of them a packet met. */
	taken: number;
	met: number;
	/** What the kernel said to one more, an errno; 0 when it took it. */
	errno: number;
	/**
	 * How many a packet met with one more; where the kernel takes it and does not run it (tail
	 * calls), or is to run it.
	 */
	metWithOneMore?: number;
}

/** Several lists that one packet passes. */
export interface Neighbours {
	/** `packets meet xdp, then tcx, then clsact` */
	promise: string;
	/** In words, what a packet met: `xdp, filter, clsact`. */
	expected: string;
	found: string;
}

/** It is kept when what was found is what was expected. */
export interface KernelPromise {
	/** Short: `limit-by-two-functions`. */
	name: string;
	/** As a sentence without a full stop. */
	promise: string;
	expected: string;
	found: string;
	/** Why it could not be tried. */
	lack?: string;
	/** Labels of the programs of the chain that rely on it. */
	concerns: readonly string[];
}

/** The kernel refused a part. */
export class BuildError extends Error {
	override name = "BuildError";
	constructor(
		/** In words when it is none: `the map rules of front.bpf.o`. */
		readonly part: Part | string,
		/** errno, positive. */
		readonly errno: number,
		/** What was asked of the kernel: `BPF_LINK_CREATE`. */
		readonly call: string,
		/**
		 * Why that is nothing to wonder at, as a sentence: the kernel cannot do it with such a
		 * chain.
		 */
		readonly lack?: string,
	) {
		super(`${call} of ${typeof part === "string" ? part : part.member.label} was refused`);
	}
}

/**
 * All results; the first failure when there is one, after all others have ended too. What is asked
 * for at once is done in that order.
 */
export async function allDone<T>(asked: readonly Promise<T>[]): Promise<T[]> {
	const done = await Promise.allSettled(asked);
	return done.map((each) => {
		if (each.status === "rejected") throw each.reason;
		return each.value;
	});
}
