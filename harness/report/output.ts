// SPDX-License-Identifier: Apache-2.0
import type { Results } from "../base/results.js";
import type { Medium } from "./medium.js";

/** What a text may depend on beside the results document. */
export interface RenderContext {
	medium: Medium;
	/** Folder in which the packets of failed vectors are; undefined when they are not written. */
	captures?: string | undefined;
}

/** A file of a folder output; `path` is below the folder, with `/` between its parts. */
export interface OutputFile {
	path: string;
	content: string | Uint8Array;
}

interface Named {
	/** As in `--output <name>=<path>`: lower-case letters, digits and hyphens. */
	name: string;
	/** What the run has to measure for it. */
	measures?: "coverage";
	/** Lines for standard error after it was written: what is missing in it. */
	warnings?(results: Results): string[];
}

/** Text that ends in a newline, for a terminal or a file. */
export interface TextOutput extends Named {
	kind: "text";
	render(results: Results, context: RenderContext): string;
}

/** One file. */
export interface FileOutput extends Named {
	kind: "file";
	render(results: Results): string | Uint8Array;
}

/** Several files in one folder. */
export interface FolderOutput extends Named {
	kind: "folder";
	render(results: Results): Iterable<OutputFile>;
	/** Files and folders that it always writes, below the folder; no other output may be one. */
	names?: readonly string[];
	/** Files that an earlier run wrote and this one did not; they are removed. */
	stale?: {
		/** Where they can be, below the folder; empty: anywhere in it. */
		below: string;
		suffix: string;
		/**
		 * True for a file that this output wrote.
		 * @param path below `below`
		 * @param start the first 4096 bytes of the file
		 */
		wrote(path: string, start: Uint8Array): boolean;
	};
}

/**
 * One way to write the results of a run, chosen with `--output <name>=<path>`. Its `render` is a
 * pure function of the results document.
 */
export type Output = TextOutput | FileOutput | FolderOutput;

const namePattern = /^[a-z][a-z0-9-]*$/;

/** Declares an output of your own. @throws TypeError for a name that `--output` could not select */
export function defineReporter<T extends Output>(output: T): T {
	if (!namePattern.test(output.name))
		throw new TypeError(
			`the name of an output must match ${namePattern}, not ${JSON.stringify(output.name)}`,
		);
	return output;
}
