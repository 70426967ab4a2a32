// SPDX-License-Identifier: Apache-2.0

import type { AgentOperation } from "./agent-operation.js";
import type { ChainEntry } from "./chain-entry.js";
import type { Met } from "./model/order-differences.js";

/** An entry that a packet met. */
export interface TracedEntry {
	entry: ChainEntry;
	/** What it returned (signed); absent where it was recorded before it ran, in its slot. */
	verdict?: number;
}

/** One packet, or one call on a socket, and what it met in order. */
export interface PacketTrace {
	/** `a UDP packet over IPv4`, `connect(2) to 127.0.0.1` */
	what: string;
	met: TracedEntry[];
	/** What it should meet, where the chain says so. */
	meets?: readonly Met[];
	/** What the whole chain returned, where that can be seen (root of tail calls, dispatcher). */
	verdict?: number;
	/** Whether it passed the chain, where that can be seen. */
	passed?: boolean;
	/** The call cannot be repeated in a flow. */
	once?: true;
	/** The kernel's run counters differ from what was recorded; a sentence. */
	miscounted?: string;
}

/** Many packets, with operations done in between. */
export interface Flow {
	packets: number;
	/** What each met, by its number; packets that met nothing are absent. */
	met: Map<number, TracedEntry[]>;
	/** What the whole chain returned for each, where that can be seen. */
	verdicts?: Map<number, number>;
	/** Sent, and dropped before the hook: the device's peer had no room; where it counts them. */
	dropped?: number;
	/** Sent, and neither recorded by an entry, nor seen behind the chain, nor dropped. */
	unaccounted: number;
	/** Of the operations in order: the errno, and the packets sent before and after. */
	operations: { errno: number; from: number; to: number }[];
}

/** Live traffic through a hook. */
export interface Traffic {
	/** One packet of each kind, the chain's own or bpfgate's; each recorded alone. */
	sample(): Promise<PacketTrace[]>;
	/**
	 * Many packets of one kind, with operations done `rounds` times in between.
	 * @param kind its index in what `sample` returns; not one that is there `once`
	 */
	flow?(kind: number, count: number, during: AgentOperation[], rounds: number): Promise<Flow>;
}
