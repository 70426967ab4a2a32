// SPDX-License-Identifier: Apache-2.0
import type { Loader } from "./loader/generate.js";

/** A loader with its signature (CMS, DER): over `signedBytes` of it. */
export interface SignedLoader extends Loader {
	cms: Uint8Array;
	/** How messages call the signature's file. */
	display: string;
	/** bpftool's light skeleton that it was read from: `generateLoaders` makes another one. */
	header?: Uint8Array;
}
