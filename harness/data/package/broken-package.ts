// SPDX-License-Identifier: Apache-2.0
import { basename, extname } from "node:path";
import type { InputError } from "../../base/errors.js";

/** An input among others that is not a package which can be read. */
export interface BrokenPackage {
	/** As results call it: after its path, since nothing in it can be believed. */
	name: string;
	/** As the user named it. */
	path: string;
	/** Every mistake that was found, each with its file and place. */
	errors: readonly InputError[];
}

/** The name of an object, or of what cannot be read: `my` for `out/my.bpf.o`. */
export function nameOfPath(path: string): string {
	const file = basename(path);
	const stem = file.slice(0, file.length - extname(file).length).replace(/\.bpf$/, "");
	return (
		stem
			.replace(/[^A-Za-z0-9._-]/g, "-")
			.replace(/^[^A-Za-z0-9]+/, "")
			.slice(0, 128) || "object"
	);
}
