// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import type { PackageSignatures } from "./layout.js";

/** What the package level's signature says something of. */
export interface Named {
	name: string;
	version: string;
	/** Canonical digest (`digestOf` of harness/data/package/elf), lower-case hexadecimal. */
	sha256: string;
}

/**
 * The bytes that the signature of a package covers: lines of UTF-8, each ended by a newline. The
 * first stands in no other document that bpfgate or a kernel verifies, so that no signature of
 * something else can serve as this one; names and version are JSON strings, since they may hold
 * anything.
 *
 * ``` bpfgate-package-signature 1 name "xdp-filter" version "1.0.0" sha256 <64 digits of the
 * canonical digest> generator "bpfgate" 1 loader "xdp-filter.bpf.o" insns <SHA-256 of its
 * instructions> <SHA-256 of its data> ```
 *
 * The last two stand there when bpfgate made loaders, the last once for each, in the order of
 * signatures.json. They bind the loaders to this package, also for a bpfgate that cannot make them
 * again to compare.
 */
export function packageDocument(
	{ name, version, sha256 }: Named,
	{ generator, objects }: Pick<PackageSignatures, "generator" | "objects"> = { objects: [] },
): Uint8Array {
	const loaders = objects.flatMap(({ object, loaders }) =>
		loaders
			.filter(({ foreign }) => !foreign)
			.map(
				({ contract, insns, data }) =>
					`loader ${JSON.stringify(object)} ${contract} ${digest(insns)} ${digest(data)}`,
			),
	);
	const lines = [
		"bpfgate-package-signature 1",
		`name ${JSON.stringify(name)}`,
		`version ${JSON.stringify(version)}`,
		`sha256 ${sha256}`,
		...(generator ? [`generator ${JSON.stringify(generator.name)} ${generator.version}`, ...loaders] : []),
	];
	return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

function digest(bytes: Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}
