// SPDX-License-Identifier: Apache-2.0

/** What makes loaders: the same version makes the same loader of the same object, byte for byte. */
export interface Generator {
	name: string;
	version: number;
}

/**
 * The generator of this bpfgate. Whatever changes the bytes of loaders (libbpf, gen-loader.c,
 * harden.ts, stack.ts) makes it another one: golden.test.ts fails, and takes the new digests
 * together with the next version here. Loaders that an older version signed stay valid; `verify`
 * says that it cannot make them again.
 */
export const generator: Generator = { name: "bpfgate", version: 1 };
