// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";

/**
 * Evidence `picture` and `svg` of a chain: declared, listed by the kernel, and executed by a
 * packet, side by side.
 */
export const PictureEvidence = Type.Object({
	picture: Type.Array(Type.String({ maxLength: 1000 }), {
		minItems: 1,
		maxItems: 1000,
		description: "lines of text",
	}),
	svg: Type.Optional(Type.String({ maxLength: 1 << 18, description: "the same picture as SVG" })),
});
