// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";

/**
 * Evidence `picture` and `svg` of a chain: as declared, as the kernel lists it, and as a packet met
 * it, side by side.
 */
export const PictureEvidence = Type.Object({
	picture: Type.Array(Type.String({ maxLength: 1000 }), {
		minItems: 1,
		maxItems: 1000,
		description: "lines of text",
	}),
	svg: Type.Optional(Type.String({ maxLength: 1 << 18, description: "the same as an image" })),
});
