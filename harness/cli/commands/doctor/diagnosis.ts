// SPDX-License-Identifier: Apache-2.0

export interface Diagnosis {
	name: string;
	/** `missing`: bpfgate cannot work; `absent`: only what `why` says is impossible. */
	state: "ok" | "missing" | "absent";
	/** What was found, or why not. */
	found: string;
	/** What it is needed for. */
	why: string;
	/** Alternative commands that fix it. */
	fix: string[];
}
