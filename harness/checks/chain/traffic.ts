// SPDX-License-Identifier: Apache-2.0

import type { Met } from "./model/compare.js";
import type { Part } from "./part.js";

/** A part that a packet met. */
export interface Meeting {
	part: Part;
	/**
	 * What it returned (signed); absent of a member that was recorded before it ran, in its slot.
	 */
	verdict?: number;
}

/** One packet, or one call on a socket, and what it met in order. */
export interface Encounter {
	/** `a UDP packet over IPv4`, `connect(2) to 127.0.0.1` */
	what: string;
	met: Meeting[];
	/** What it has to meet, where the chain says so. */
	meets?: readonly Met[];
	/**
	 * What the whole chain returned, where the mechanism lets it be seen (root of a tail call,
	 * dispatcher).
	 */
	verdict?: number;
	/** Whether it came out behind the chain, where that can be seen. */
	passed?: boolean;
	/** The run counters of the parts agree with what was recorded; a sentence when they do not. */
	miscounted?: string;
}

/** Many packets, with operations done in between. */
export interface Flow {
	/** That were sent. */
	packets: number;
	/** What each met, by its number; packets that met nothing are not in it. */
	met: Map<number, Meeting[]>;
	/** What the whole chain returned for each, where that can be seen. */
	verdicts?: Map<number, number>;
	/**
	 * Sent, and dropped by the sending device for want of room at the other end, before they came
	 * to the hook; where it tells.
	 */
	dropped?: number;
	/**
	 * Sent, and neither recorded by a part nor seen behind the chain nor told to be dropped before
	 * it.
	 */
	unaccounted: number;
	/**
	 * Of the operations, in their order: the errno, and how many packets had been sent before and
	 * after.
	 */
	operations: { errno: number; from: number; to: number }[];
}

/** Live traffic through the hook of a stage. */
export interface Traffic {
	/** One of each kind: the chain's own packets, or bpfgate's; each recorded alone. */
	sample(): Promise<Encounter[]>;
	/** Absent of hooks through which no packets flow (cgroup sockets). */
	flow?(count: number, during: { op: string; args: unknown }[], rounds: number): Promise<Flow>;
}
