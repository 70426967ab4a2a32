// SPDX-License-Identifier: Apache-2.0
import { build } from "./build.js";
import { toHex } from "./bytes.js";
import { dissect, type LinkType } from "./dissect.js";
import type { Layers } from "./layers.js";

/** What the layers are built to, in hexadecimal digits. */
export function hexOf(...layers: Layers): string {
	return toHex(build(layers));
}

/** What is read of the packet that the layers are built to. */
export function readBack(layers: Layers, linkType: LinkType = "ethernet"): Layers {
	return dissect(build(layers), linkType);
}
