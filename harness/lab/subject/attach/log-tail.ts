// SPDX-License-Identifier: Apache-2.0

/** Most lines of a log in the evidence; the verifier gives the cause at the end. */
const lines = 40;

/** The end of a log. */
export function tail(log: string): string {
	return log.trimEnd().split("\n").slice(-lines).join("\n");
}
