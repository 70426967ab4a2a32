// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { type Content, contentsOf } from "../package/contents.js";
import { canonicalFiles, type Package } from "../package/package.js";
import type { PackageSignatures } from "./layout.js";

/** How the files of a package compare with those that its signature covers; paths inside it. */
export interface Coverage {
	/** All are as they were when the package was signed, and there are no others. */
	intact: boolean;
	/** Number of files that are as they were. */
	covered: number;
	/** Files with another content, or that are no files now. */
	changed: string[];
	/** Files that are not there. */
	missing: string[];
	/** What is there and not covered; with `/` behind it, a folder in which nothing is. */
	uncovered: string[];
}

/** As many as a reader looks at; `Coverage` has all. */
const maxTold = 20;

/**
 * Compares all files of a package, hidden ones too, with what was signed.
 * @param others paths of files that are verified by themselves
 * @returns the comparison, and a sentence for each difference
 * @throws InputError when a file cannot be read, or there is more than a package may hold
 */
export async function coverageOf(
	pkg: Package,
	signatures: PackageSignatures,
	others: ReadonlySet<string>,
): Promise<{ files: Coverage; problems: string[] }> {
	const former = signatures.version === 1;
	const claimed = new Map(signatures.files.map((file) => [file.path, file]));
	const known = [...claimed.keys(), ...signatures.verified, ...others].sort();
	const changed = new Set(former ? changedObjects(pkg, signatures) : []);
	const uncovered = new Map<string, Uncovered>();
	let covered = 0;
	for (const content of await contentsOf(pkg)) {
		const { path } = content;
		const signed = claimed.get(path);
		claimed.delete(path);
		if (signed) {
			if (content.kind === "file" && content.sha256 === signed.sha256 && content.size === signed.size)
				covered++;
			else changed.add(path);
		} else if (content.kind === "file" && (signatures.verified.has(path) || others.has(path))) {
			if (!changed.has(path)) covered++;
		} else {
			const top = topOf(path, known);
			const group = uncovered.get(top) ?? {
				path: top,
				kind: top === path ? content.kind : "folder",
				files: 0,
			};
			uncovered.set(top, { ...group, files: group.files + 1 });
		}
	}
	const missing = [...claimed.keys()];
	const problems = [
		...[...changed].map((path) => `${path}: was changed after it was signed`),
		...missing.map((path) => `${path}: is missing; it was there when the package was signed`),
		...[...uncovered.values()].map((each) => `${each.path}: ${whyUncovered(each, former)}`),
	];
	if (pkg.sha256 !== signatures.package.sha256 && changed.size + missing.length === 0)
		problems.unshift(
			former
				? `${pkg.path}: was changed after it was signed: ${canonicalFiles(pkg.manifest).join(", ")}, or one was added or removed`
				: `${pkg.path}: its digest is ${pkg.sha256}, but ${signatures.package.sha256} was signed`,
		);
	const more = problems.length - maxTold;
	return {
		files: {
			intact: problems.length === 0,
			covered,
			changed: [...changed],
			missing,
			uncovered: [...uncovered.keys()],
		},
		problems: more > 0 ? [...problems.slice(0, maxTold), `${more} more files differ: see --json`] : problems,
	};
}

/** Version 1 has digests of the objects alone, and one of all that the manifest names. */
function changedObjects(pkg: Package, { objects }: PackageSignatures): string[] {
	const digests = new Map(objects.map(({ object, sha256 }) => [object, sha256]));
	const changed = pkg.objects.filter(
		({ file, bytes }) =>
			digests.has(file) && createHash("sha256").update(bytes).digest("hex") !== digests.get(file),
	);
	return changed.map(({ file }) => file);
}

interface Uncovered {
	path: string;
	kind: Content["kind"] | "folder";
	/** How many, in a folder. */
	files: number;
}

/**
 * The highest folder of a path in which no known path is, or the path itself.
 * @param known sorted: those that share most with the path are next to where it would be
 */
function topOf(path: string, known: readonly string[]): string {
	let low = 0;
	for (let high = known.length; low < high; ) {
		const middle = (low + high) >> 1;
		if (known[middle]! < path) low = middle + 1;
		else high = middle;
	}
	const shared = Math.max(...[known[low - 1], known[low]].map((other) => commonLength(path, other ?? "")));
	const end = path.indexOf("/", path.lastIndexOf("/", shared - 1) + 1);
	return end < 0 ? path : path.slice(0, end + 1);
}

function commonLength(a: string, b: string): number {
	let length = 0;
	while (length < a.length && a[length] === b[length]) length++;
	return length;
}

function whyUncovered({ kind, files }: Uncovered, former: boolean): string {
	if (kind === "link") return "is a link, which no signature covers; replace it by the file";
	if (kind === "repository")
		return "is a repository, which no signature covers; verify a copy of the package without it";
	if (kind === "other") return "is not a regular file with a name in UTF-8, which no signature covers";
	const which = kind === "folder" ? ` (files in it: ${files})` : "";
	if (former) return `is not covered by signatures of version 1${which}; sign the package again`;
	return `was added after the package was signed${which}; the signature does not cover it`;
}
