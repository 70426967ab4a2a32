// SPDX-License-Identifier: Apache-2.0

import type { ChainMechanism } from "../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../lab/check.js";
import type { Refusal } from "../../lab/subject/load/load-object.js";
import type { Lack } from "../../machine/features/missing.js";
import type { Guest } from "../../machine/vm/guest.js";
import type { AgentOperation } from "./agent-operation.js";
import { type ChainEntry, entryName } from "./chain-entry.js";
import type { DeclaredChain } from "./model/declared-chain.js";
import type { Traffic } from "./packet-trace.js";

/** One way to attach several programs to a hook. */
export interface Mechanism {
	readonly name: ChainMechanism;
	/** Why this kernel cannot have the chain, or undefined. Probed, never from the version. */
	lack(chain: DeclaredChain, bench: Workbench): Promise<Lack | undefined>;
	/** Makes devices or cgroups, and prepares to load and record the members. */
	open(chain: DeclaredChain, guest: Guest): Promise<AttachPoint>;
	/** What a packet meets after one entry was detached; default: all others. */
	remaining?(entries: readonly ChainEntry[], detached: ChainEntry): readonly ChainEntry[];
	/** False where packets may meet a half-changed chain while a member is replaced. */
	replacesAtomically?(chain: DeclaredChain): boolean;
	/** A replacement is two atomic steps: in between both are attached, the old one first. */
	readonly replacesInTwoSteps?: true;
}

/** A hook on which chains are built, one at a time. `close` removes everything. */
export interface AttachPoint {
	readonly traffic: Traffic;
	/**
	 * @param entries in the declared order, each with its own priority
	 * @param order in which they are attached, as indexes of `entries`; default: as they are
	 * @throws RefusedEntry when the kernel refuses one
	 */
	attach(entries: readonly ChainEntry[], order?: readonly number[]): Promise<AttachedChain>;
	close(): Promise<void>;
}

/** A chain on its hook. Changes leave it complete and in the declared order, as a loader would. */
export interface AttachedChain {
	/** What the kernel lists, in its order; ids of programs that are not entries. */
	configured(): Promise<(ChainEntry | number)[]>;
	/** Attaches an entry at its declared position. */
	insert(entry: ChainEntry): Promise<void>;
	/** Detaches an entry, and joins those before and after it. */
	remove(entry: ChainEntry): Promise<void>;
	/** Detaches an entry and leaves the others as they are. */
	detach(entry: ChainEntry): Promise<void>;
	/** Puts `by` in the position of `entry`, in one step where the mechanism has one. */
	replace(entry: ChainEntry, by: ChainEntry): Promise<void>;
	/** The operations of `replace`, of loaded programs; `entry` need not be attached yet. */
	replacement(entry: ChainEntry, by: ChainEntry): AgentOperation[];
	/**
	 * A replacement in the steps of a loader that lets packets meet a half-changed chain; absent
	 * where no such loader is known. `entry` may be attached only by an earlier replacement.
	 */
	stepwiseReplacement?(entry: ChainEntry, by: ChainEntry): Promise<AgentOperation[]>;
	reorder(entries: readonly ChainEntry[]): Promise<void>;
	/** Extra work that this kernel requires, in words for the evidence. */
	notes?(): string[];
	close(): Promise<void>;
}

/** The kernel refused an entry. */
export class RefusedEntry extends Error {
	override name = "RefusedEntry";
	constructor(
		/** In words for what is not an entry: `the map rules of front.bpf.o`. */
		readonly entry: ChainEntry | string,
		/** errno, positive. */
		readonly errno: number,
		/** What the kernel was asked: `BPF_LINK_CREATE`. */
		readonly call: string,
		/** Why this is no failure, as a sentence: the kernel cannot do it with such a chain. */
		readonly lack?: string,
		/** What the verifier and libbpf wrote. */
		readonly logs?: Pick<Refusal, "verifierLog" | "libbpfLog">,
	) {
		super(`${call} of ${typeof entry === "string" ? entry : entryName(entry)} was refused`);
	}
}

/** All results; throws the first failure after all ended. The agent works in the order of calls. */
export async function allDone<T>(asked: readonly Promise<T>[]): Promise<T[]> {
	const done = await Promise.allSettled(asked);
	return done.map((each) => {
		if (each.status === "rejected") throw each.reason;
		return each.value;
	});
}
