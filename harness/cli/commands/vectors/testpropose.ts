// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../../../data/package/package.js";
import { type Proposal, propose, type Wanted } from "./proposal.js";
import { withKernel } from "./reference-kernel.js";
import { unifiedDiff } from "./unified-diff.js";

/** Proposes on a kernel, with real guests. */
export function proposeOn(kernel: string, pkg: Package, wanted: Partial<Wanted> = {}): Promise<Proposal> {
	const { signal } = new AbortController();
	return withKernel(kernel, pkg, { signal }, (_, fresh) => propose(pkg, { update: false, ...wanted }, fresh));
}

/** The package with its vector files as they would be written. */
export function accepted(pkg: Package, { files }: Proposal): Package {
	return {
		...pkg,
		vectors: pkg.vectors.map((file) => {
			const changed = files.find((each) => each.file === file);
			return changed ? { ...file, bytes: new TextEncoder().encode(changed.after) } : file;
		}),
	};
}

/** The vector file without expectations: drops each `expect` and `each` with what is below it. */
export function withoutExpectations(yaml: string): string {
	const kept: string[] = [];
	let depth = -1;
	for (const line of yaml.split("\n")) {
		const margin = /^[ -]*/.exec(line)?.[0].length ?? 0;
		if (depth >= 0 && (margin > depth || line.trim() === "")) {
			if (line.trim() === "") kept.push(line);
			continue;
		}
		depth = /^ *(expect|each):/.test(line) ? margin : -1;
		if (depth < 0) kept.push(line);
	}
	return kept.join("\n");
}

export const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
export function withFile(pkg: Package, change: (yaml: string) => string): Package {
	const [first, ...others] = pkg.vectors;
	if (!first) throw new Error(`${pkg.name} has no vectors`);
	return {
		...pkg,
		vectors: [{ ...first, bytes: new TextEncoder().encode(change(text(first.bytes))) }, ...others],
	};
}
export const changedLines = (before: string, after: string) =>
	unifiedDiff("f", before, after, false)
		.split("\n")
		.filter((line) => /^[-+] /.test(line))
		.map((line) => line.replace(/^(.) +/, "$1 "));
