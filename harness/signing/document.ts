// SPDX-License-Identifier: Apache-2.0

/** What the package level's signature says something of. */
export interface Named {
	name: string;
	version: string;
	/** Canonical digest (`digestOf` of harness/package), lower-case hexadecimal. */
	sha256: string;
}

/**
 * The bytes that the signature of a package covers: four lines of UTF-8, each ended by a newline. The first stands in no
 * other document that bpfgate or a kernel verifies, so that no signature of something else can serve as this one; name and
 * version are JSON strings, since a version may hold anything.
 *
 * ```
 * bpfgate-package-signature 1
 * name "xdp-filter"
 * version "1.0.0"
 * sha256 <64 digits of the canonical digest>
 * ```
 */
export function packageDocument({ name, version, sha256 }: Named): Uint8Array {
	const lines = [
		"bpfgate-package-signature 1",
		`name ${JSON.stringify(name)}`,
		`version ${JSON.stringify(version)}`,
		`sha256 ${sha256}`,
	];
	return new TextEncoder().encode(`${lines.join("\n")}\n`);
}
