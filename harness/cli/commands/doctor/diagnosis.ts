// SPDX-License-Identifier: Apache-2.0

/** What was found out about one thing that bpfgate wants. */
export interface Diagnosis {
	name: string;
	/** `missing`: bpfgate cannot do its work; `absent`: only what `why` says is not possible. */
	state: "ok" | "missing" | "absent";
	/** What was found, or why not. */
	found: string;
	/** What it is wanted for. */
	why: string;
	/** Commands, any one of which mends it. */
	fix: string[];
}
