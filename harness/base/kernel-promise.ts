// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

/** What `bpfgate kernels qualify` asks a kernel about. */
export const promiseAreas = ["signatures", "gatekeepers", "tokens", "chains"] as const;
export type PromiseArea = (typeof promiseAreas)[number];

/**
 * Something that a kernel promises independently of any package: what should happen, what happened,
 * and what an attacker gains where the promise itself is weak. Qualification asks each image once.
 */
export const KernelPromise = Type.Object(
	{
		/** `map-by-fd`, `tail_call/limit-by-two-functions`; unique in its area. */
		name: Type.String({ minLength: 1, maxLength: 200 }),
		/** A sentence without a full stop: `a frozen map cannot be written`. */
		promise: Type.String(),
		/** What should happen: `refused at load with EKEYREJECTED`. */
		expected: Type.String(),
		/** What happened, in the same words. */
		seen: Type.String(),
		/** Absent when the kernel could not be asked: see `lack`. */
		kept: Type.Optional(Type.Boolean()),
		/** Why the kernel could not be asked. */
		lack: Type.Optional(Type.String()),
		/** What an attacker gains although the kernel does what it promises. */
		weakness: Type.Optional(Type.String()),
		evidence: Type.Record(Type.String(), Type.Unknown()),
	},
	{ additionalProperties: false },
);
export type KernelPromise = Static<typeof KernelPromise>;

export function broken(promises: readonly KernelPromise[]): KernelPromise[] {
	return promises.filter(({ kept }) => kept === false);
}
