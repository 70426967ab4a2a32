// SPDX-License-Identifier: Apache-2.0

/** Most lines of a log in the evidence; the verifier gives the cause at the end. */
const lines = 40;
/** Lines before a diagnosis: the last instructions with their source, and the classic words. */
const before = 20;

/** The end of a log; with what stands before it, where a kernel from 7.3 on adds a diagnosis. */
export function tail(log: string): string {
	const all = log.trimEnd().split("\n");
	const diagnosis = all.findIndex((line) => line.startsWith("Verification failed: "));
	if (diagnosis < 0) return all.slice(-lines).join("\n");
	return all.slice(Math.max(0, diagnosis - before), diagnosis + lines).join("\n");
}
