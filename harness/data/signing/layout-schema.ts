// SPDX-License-Identifier: Apache-2.0

import { type Static, Type } from "@sinclair/typebox";
import { InputError } from "../../base/errors.js";
import { validator } from "../../base/validate.js";
import { maxEntries } from "../package/archive.js";
import { jsonValue } from "../package/manifest/json-text.js";
import { signaturesFolder } from "../package/manifest/load-manifest.js";
import { type Contract, contracts } from "./contract.js";

export const layoutFormat = "bpfgate/signatures";
export const layoutVersion = 2;
export const layoutFile = `${signaturesFolder}/signatures.json`;
const maxLayoutBytes = 16 * 1024 * 1024;

const closed = { additionalProperties: false };
const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256 in lower-case hexadecimal" });
const Path = Type.String({ minLength: 1, maxLength: 1024, description: "below signatures/" });
const PackagePath = Type.String({ minLength: 1, maxLength: 4096, description: "path inside the package" });
const Names = Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 256 });

const LoaderEntry = Type.Object(
	{
		contract: Type.Unsafe<Contract>({ type: "string", enum: [...contracts] }),
		insns: Path,
		data: Path,
		cms: Path,
		excl_prog_hash: Sha256,
		maps: Names,
		programs: Names,
	},
	closed,
);

/** Made by `bpftool gen skeleton -L -S`: contract, maps and programs are read from the header. */
const SkeletonEntry = Type.Object({ lskel: Path }, closed);
const Loaders = Type.Array(Type.Union([LoaderEntry, SkeletonEntry]), { maxItems: contracts.length });

const both = {
	format: Type.Literal(layoutFormat),
	certificate: Path,
	generator: Type.Optional(
		Type.Object(
			{ name: Type.String({ minLength: 1, maxLength: 256 }), version: Type.Integer({ minimum: 1 }) },
			{ ...closed, description: "what made the loaders that are not light skeletons" },
		),
	),
};

export const CoveredFile = Type.Object(
	{ path: PackagePath, sha256: Sha256, size: Type.Integer({ minimum: 0, description: "bytes" }) },
	closed,
);
export type CoveredFile = Static<typeof CoveredFile>;

/** `signatures/signatures.json`; the paths in it are below `signatures/`, but for `files`. */
export const Layout = Type.Object(
	{
		...both,
		version: Type.Literal(layoutVersion),
		package: Type.Object({ name: Type.String(), version: Type.String(), sha256: Sha256, cms: Path }, closed),
		objects: Type.Array(Type.Object({ object: PackagePath, loaders: Loaders }, closed), { maxItems: 1024 }),
		files: Type.Array(CoveredFile, {
			maxItems: maxEntries,
			description:
				"every file of the package but this one, its signature and signatures/cosign/, by the bytes of the path",
		}),
	},
	closed,
);
export type Layout = Static<typeof Layout>;

/** Version 1, which older bpfgates wrote: its signature covers what the manifest names. */
export const FormerLayout = Type.Object(
	{
		...both,
		version: Type.Literal(1),
		package: Type.Object({ sha256: Sha256, cms: Path }, closed),
		objects: Type.Array(Type.Object({ object: PackagePath, sha256: Sha256, loaders: Loaders }, closed), {
			maxItems: 1024,
		}),
	},
	closed,
);
export type FormerLayout = Static<typeof FormerLayout>;

const layouts = validator(Layout);
const formerLayouts = validator(FormerLayout);
const versions = validator(
	Type.Object({ format: Type.Literal(layoutFormat), version: Type.Integer({ minimum: 1 }) }),
);

/** @throws InputError when it is another format, of a later version, or not as its schema says */
export function parseLayout(file: string, bytes: Uint8Array): Layout | FormerLayout {
	const value = jsonValue(file, boundedText(file, bytes));
	const { version } = versions.checked(value, file);
	if (version > layoutVersion)
		throw new InputError(
			file,
			"/version",
			`is ${version}; this bpfgate reads versions 1 and ${layoutVersion} of signatures; use a newer bpfgate`,
		);
	if (version === 1) return formerLayouts.checked(value, file);
	const layout = layouts.checked(value, file);
	const paths = new Set<string>();
	for (const [index, { path }] of layout.files.entries())
		if (paths.size === paths.add(path).size)
			throw new InputError(file, `/files/${index}/path`, `${JSON.stringify(path)} is listed twice`);
	return layout;
}

/** @throws InputError when what it lists cannot be read again */
export function layoutText(layout: Layout): string {
	const text = `${JSON.stringify(layouts.checked(layout, layoutFile), null, "\t")}\n`;
	boundedText(layoutFile, Buffer.from(text));
	return text;
}

function boundedText(file: string, bytes: Uint8Array): string {
	if (bytes.length > maxLayoutBytes)
		throw new InputError(
			file,
			"",
			`has ${bytes.length} bytes, more than the ${maxLayoutBytes} that are read`,
		);
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (cause) {
		throw new InputError(file, "", "is not UTF-8 text", { cause });
	}
}
