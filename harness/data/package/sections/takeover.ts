// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false };

/** How the package's programs stand at their hooks, and what watches over them. */
export const TakeoverSettings = Type.Object(
	{
		hold: Type.Optional(
			Type.Unsafe<"link" | "pinned" | "direct">({
				type: "string",
				enum: ["link", "pinned", "direct"],
				description:
					"`link` (default): a process holds the program by a BPF link; `pinned`: a pin holds the link; `direct`: no link (rtnetlink, BPF_PROG_ATTACH)",
			}),
		),
		techniques: Type.Optional(
			Type.Array(Type.String({ pattern: "^[a-z0-9-]+$" }), {
				minItems: 1,
				maxItems: 128,
				uniqueItems: true,
				description: "only these; default: every technique that fits the hook",
			}),
		),
		detector: Type.Optional(
			Type.Object(
				{
					command: Type.Array(Type.String({ minLength: 1 }), {
						minItems: 1,
						maxItems: 64,
						description:
							"path in the guest (guest.files) and arguments; each line that it prints after `ready` is an alarm",
					}),
					ready: Type.Optional(
						Type.String({
							minLength: 1,
							maxLength: 256,
							description: "a line that begins with it says that the detector watches; default: `ready`",
						}),
					),
				},
				{ ...closed, description: "the package's own detector, in place of bpfgate's watcher" },
			),
		),
	},
	{
		...closed,
		description: "takeovers of the hooks and maps of the package, and what should notice them",
	},
);
export type TakeoverSettings = Static<typeof TakeoverSettings>;
