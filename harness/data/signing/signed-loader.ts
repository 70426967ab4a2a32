// SPDX-License-Identifier: Apache-2.0
import type { Loader } from "./loader/generate.js";

/** A loader with its signature (CMS, DER): over `signedBytes` of it. */
export interface SignedLoader extends Loader {
	cms: Uint8Array;
	/** How messages call the signature's file. */
	display: string;
	/** bpftool's own making: what `generateLoaders` makes of the object differs from it. */
	foreign?: true;
}
