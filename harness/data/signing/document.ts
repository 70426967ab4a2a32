// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import type { Generator } from "./loader/generator.js";
import type { SignedLoader } from "./signed-loader.js";

/** What the package level's signature says something of. */
export interface Named {
	name: string;
	version: string;
	/** Canonical digest (`digestOf` of data/package/package.ts), lower-case hexadecimal. */
	sha256: string;
}

/**
 * The bytes that the signature of a package covers: lines of UTF-8, each ended by a newline. The
 * first is in no other document that bpfgate or a kernel verifies, so that no signature of
 * something else can serve as this one; name and version are JSON strings, since they may hold
 * anything.
 *
 * ```
 * bpfgate-package-signature 2
 * name "xdp-filter"
 * version "1.0.0"
 * sha256 <64 digits of the canonical digest>
 * signatures.json <64 digits: SHA-256 of its bytes>
 * ```
 *
 * signatures.json has the digests of all other files.
 * @param layout the bytes of signatures.json
 */
export function packageDocument(named: Named, layout: Uint8Array): Uint8Array {
	return lines(2, named, [`signatures.json ${sha256(layout)}`]);
}

/**
 * What older bpfgates signed. The last two lines are there when bpfgate made loaders, the last once
 * for each, in the order of signatures.json.
 *
 * ```
 * bpfgate-package-signature 1
 * name "xdp-filter"
 * version "1.0.0"
 * sha256 <64 digits of the canonical digest>
 * generator "bpfgate" 1
 * loader "xdp-filter.bpf.o" insns <SHA-256 of its instructions> <SHA-256 of its data>
 * ```
 */
export function formerDocument(
	named: Named,
	{ generator, objects }: FormerlySigned = { objects: [] },
): Uint8Array {
	if (!generator) return lines(1, named, []);
	const loaders = objects.flatMap(({ object, loaders }) =>
		loaders
			.filter(({ header }) => header === undefined)
			.map(
				({ contract, insns, data }) =>
					`loader ${JSON.stringify(object)} ${contract} ${sha256(insns)} ${sha256(data)}`,
			),
	);
	return lines(1, named, [`generator ${JSON.stringify(generator.name)} ${generator.version}`, ...loaders]);
}

interface FormerlySigned {
	generator?: Generator;
	objects: readonly { object: string; loaders: readonly SignedLoader[] }[];
}

function lines(format: number, { name, version, sha256 }: Named, more: readonly string[]): Uint8Array {
	const all = [
		`bpfgate-package-signature ${format}`,
		`name ${JSON.stringify(name)}`,
		`version ${JSON.stringify(version)}`,
		`sha256 ${sha256}`,
		...more,
	];
	return new TextEncoder().encode(`${all.join("\n")}\n`);
}

function sha256(bytes: Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}
