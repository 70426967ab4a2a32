// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Static, Type } from "@sinclair/typebox";
import { validator } from "../../base/validate.js";

const closed = { additionalProperties: false };

/** The file `kernels/features.json`. */
export const FeatureOptions = Type.Object(
	{
		$schema: Type.Optional(Type.String()),
		features: Type.Array(
			Type.Object(
				{
					feature: Type.String({
						pattern: "^[a-z_]+:.+$",
						description:
							"as in kernels.requires; `*` stands for any run of characters, the first entry counts",
					}),
					config: Type.Array(Type.String({ pattern: "^[A-Z0-9_]+$" }), {
						minItems: 1,
						description: "build options it needs, without CONFIG_",
					}),
					module: Type.Optional(
						Type.String({ description: "module that provides it where it is not built in" }),
					),
				},
				closed,
			),
		),
	},
	{ ...closed, $id: "bpfgate-feature-options", title: "Build options that eBPF features depend on" },
);
export type FeatureOptions = Static<typeof FeatureOptions>;

const PATH = fileURLToPath(new URL("../../../kernels/features.json", import.meta.url));
const schema = validator(FeatureOptions);
let loaded: Promise<FeatureOptions> | undefined;

export function readFeatureOptions(): Promise<FeatureOptions> {
	loaded ??= readFile(PATH, "utf8").then((text) => schema.checked(JSON.parse(text), PATH));
	return loaded;
}

/** What a feature depends on; undefined when the table has no entry. */
export function optionsOf(
	table: FeatureOptions,
	feature: string,
): { config: string[]; module?: string } | undefined {
	return table.features.find((entry) => matches(entry.feature, feature));
}

function matches(pattern: string, feature: string): boolean {
	const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
	return new RegExp(`^${parts.join(".*")}$`).test(feature);
}
