// SPDX-License-Identifier: Apache-2.0

/** Of a log that goes into the evidence; the verifier says why at the end. */
const lines = 40;

/** The end of a log. */
export function tail(log: string): string {
	return log.trimEnd().split("\n").slice(-lines).join("\n");
}
