// SPDX-License-Identifier: Apache-2.0

/** What makes loaders: the same version makes the same loader of the same object, byte for byte. */
export interface Generator {
	name: string;
	version: number;
}

/**
 * The generator of this bpfgate. What changes the bytes of loaders needs a new version here, and
 * new digests in golden.test.ts; loaders that an older one signed stay valid.
 */
export const generator: Generator = { name: "bpfgate", version: 1 };

export function isOwnGenerator({ name, version }: Generator): boolean {
	return name === generator.name && version === generator.version;
}
