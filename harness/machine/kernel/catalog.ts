// SPDX-License-Identifier: Apache-2.0

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Static, Type } from "@sinclair/typebox";
import { InputError } from "../../base/errors.js";
import { validator } from "../../base/validate.js";
import { jsonValue } from "../../data/package/manifest/json-text.js";

const closed = { additionalProperties: false };
const names = (description: string) => Type.Array(Type.String({ minLength: 1 }), { description });

/** A line of kernels (`6.12`) and where Debian keeps it. */
export const KernelLine = Type.Object(
	{
		id: Type.String({ pattern: "^\\d+\\.\\d+$" }),
		suites: Type.Array(Type.String({ minLength: 1 }), {
			minItems: 1,
			description: "suites to search; the newest complete release in any of them is used",
		}),
		fallback_suites: Type.Optional(names("looked through when `suites` hold no complete release")),
		release: Type.String({
			description:
				"regular expression of `uname -r` without the flavour; keeps metapackages and backports out",
		}),
		packages: Type.Array(Type.String({ minLength: 1 }), {
			minItems: 1,
			description:
				"package names without `-<release>-<flavour>`; a release is complete when it has all of them",
		}),
		optional_packages: Type.Optional(names("taken along when they are there")),
	},
	closed,
);
export type KernelLine = Static<typeof KernelLine>;

export const Catalog = Type.Object(
	{
		$schema: Type.Optional(Type.String()),
		default: Type.Array(Type.String(), {
			minItems: 1,
			description: "lines used when the user names no kernels",
		}),
		architectures: Type.Record(
			Type.String(),
			Type.Object(
				{
					debian: Type.String({ description: "Debian's name of the architecture" }),
					flavour: Type.String({ description: "last part of the package's name" }),
				},
				closed,
			),
			{ description: "by `uname -m`" },
		),
		modules: Type.Object(
			{
				boot: names("loaded before the agent can speak, where they are not built in"),
				lazy: names("in the initramfs, loaded when a check needs them"),
			},
			closed,
		),
		lines: Type.Array(KernelLine, { minItems: 1 }),
	},
	{ ...closed, $id: "bpfgate-kernel-catalog", title: "Kernels that bpfgate knows how to get" },
);
export type Catalog = Static<typeof Catalog>;

const PATH = fileURLToPath(new URL("../../../kernels/catalog.json", import.meta.url));
const catalogSchema = validator(Catalog);
let loaded: Promise<Catalog> | undefined;

export function readCatalog(): Promise<Catalog> {
	loaded ??= readFile(PATH, "utf8").then((text) => parseCatalog(PATH, text));
	return loaded;
}

/** @throws InputError with the place of the first violation */
export function parseCatalog(file: string, text: string): Catalog {
	const catalog = catalogSchema.checked(jsonValue(file, text), file);
	const ids = catalog.lines.map((line) => line.id);
	const unknown = catalog.default.find((id) => !ids.includes(id));
	if (unknown !== undefined)
		throw new InputError(file, "/default", `names ${unknown}, which is not a line of the catalog`);
	const twice = ids.find((id, index) => ids.indexOf(id) !== index);
	if (twice !== undefined) throw new InputError(file, "/lines", `has ${twice} twice`);
	return catalog;
}

/** This machine's architecture as `uname -m` names it. */
export function hostArch(): string {
	return { x64: "x86_64", arm64: "aarch64" }[process.arch as string] ?? process.arch;
}
