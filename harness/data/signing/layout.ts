// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { InputError } from "../../base/errors.js";
import { validator } from "../../base/validate.js";
import { pathProblem, signaturesFolder } from "../package/manifest/load-manifest.js";
import type { Package } from "../package/package.js";
import { readLightSkeleton } from "./bpftool/light-skeleton.js";
import { loaderOfSkeleton } from "./bpftool/loader.js";
import { type Certificate, readCertificate } from "./certificate.js";
import { type Contract, contracts } from "./contract.js";
import type { Loader } from "./loader/generate.js";
import type { Generator } from "./loader/generator.js";
import type { SignedLoader } from "./signed-loader.js";

export const layoutFormat = "bpfgate/signatures";
export const layoutVersion = 1;
export const layoutFile = `${signaturesFolder}/signatures.json`;

const closed = { additionalProperties: false };
const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256 in lower-case hexadecimal" });
const Path = Type.String({ minLength: 1, maxLength: 1024, description: "below signatures/" });
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

/** `signatures/signatures.json`, version 1; the paths in it are below `signatures/`. */
export const Layout = Type.Object(
	{
		format: Type.Literal(layoutFormat),
		version: Type.Literal(layoutVersion),
		package: Type.Object({ sha256: Sha256, cms: Path }, closed),
		certificate: Path,
		generator: Type.Optional(
			Type.Object(
				{ name: Type.String({ minLength: 1, maxLength: 256 }), version: Type.Integer({ minimum: 1 }) },
				{ ...closed, description: "what made the loaders that are not light skeletons" },
			),
		),
		objects: Type.Array(
			Type.Object(
				{
					object: Type.String({ minLength: 1, description: "path inside the package" }),
					sha256: Sha256,
					loaders: Type.Array(Type.Union([LoaderEntry, SkeletonEntry]), { maxItems: contracts.length }),
				},
				closed,
			),
			{ maxItems: 1024 },
		),
	},
	closed,
);
export type Layout = Static<typeof Layout>;

const layouts = validator(Layout);
const versions = validator(
	Type.Object({ format: Type.Literal(layoutFormat), version: Type.Integer({ minimum: 1 }) }),
);
const maxLayoutBytes = 4 * 1024 * 1024;

export interface SignedObject {
	/** Path inside the package. */
	object: string;
	/** Of its bytes when it was signed. */
	sha256: string;
	loaders: SignedLoader[];
}

/** The signatures that come with a package: read and well-formed, not yet verified. */
export interface PackageSignatures {
	package: { sha256: string; cms: Uint8Array; display: string };
	certificate: Certificate;
	/** What made the loaders; absent without loaders of bpfgate's. */
	generator?: Generator;
	objects: SignedObject[];
}

export function signedBytes({ contract, insns, data }: Loader): Uint8Array {
	return contract === "insns-maps" ? new Uint8Array(Buffer.concat([insns, data])) : insns;
}

/** What is in `signatures/`, if anything. @throws InputError: unknown version or missing files */
export function readSignatures(pkg: Package): PackageSignatures | undefined {
	const files = new Map(pkg.signatures.map((file) => [file.file, file]));
	const index = files.get(layoutFile);
	if (!index) return undefined;
	const layout = parseLayout(index.display, index.bytes);
	const read = (path: string, place: string) => {
		const wrong = pathProblem(path);
		if (wrong) throw new InputError(index.display, place, `${JSON.stringify(path)} ${wrong}`);
		const file = files.get(`${signaturesFolder}/${path}`);
		if (!file)
			throw new InputError(index.display, place, `${JSON.stringify(path)} is missing from signatures/`);
		return file;
	};
	const cms = read(layout.package.cms, "/package/cms");
	const certificateFile = read(layout.certificate, "/certificate");
	const certificate = readCertificate(certificateFile.display, certificateFile.bytes);
	return {
		package: { sha256: layout.package.sha256, cms: cms.bytes, display: cms.display },
		certificate,
		...(layout.generator ? { generator: layout.generator } : {}),
		objects: layout.objects.map(({ object, sha256, loaders }, at) => ({
			object,
			sha256,
			loaders: loaders.map((entry, number): SignedLoader => {
				const place = `/objects/${at}/loaders/${number}`;
				if ("lskel" in entry) {
					const header = read(entry.lskel, `${place}/lskel`);
					const maps = pkg.objects.find(({ file }) => file === object)?.maps ?? [];
					const skeleton = readLightSkeleton(header.display, header.bytes);
					return loaderOfSkeleton(header.display, skeleton, certificate, maps);
				}
				const signature = read(entry.cms, `${place}/cms`);
				return {
					contract: entry.contract,
					insns: read(entry.insns, `${place}/insns`).bytes,
					data: read(entry.data, `${place}/data`).bytes,
					exclProgHash: entry.excl_prog_hash,
					maps: entry.maps,
					programs: entry.programs,
					cms: signature.bytes,
					display: signature.display,
				};
			}),
		})),
	};
}

function parseLayout(file: string, bytes: Uint8Array): Layout {
	if (bytes.length > maxLayoutBytes)
		throw new InputError(
			file,
			"",
			`has ${bytes.length} bytes, more than the ${maxLayoutBytes} that are read`,
		);
	let value: unknown;
	try {
		value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch (cause) {
		throw new InputError(file, "", "is not JSON", { cause });
	}
	const { version } = versions.checked(value, file);
	if (version > layoutVersion)
		throw new InputError(
			file,
			"/version",
			`is ${version}; this bpfgate reads version ${layoutVersion} of signatures; use a newer bpfgate`,
		);
	return layouts.checked(value, file);
}

/** A file below `signatures/`, by its path inside the package. */
export interface SignatureFile {
	path: string;
	bytes: Uint8Array;
}

/** The files that say what `readSignatures` reads. */
export function layoutFiles({
	package: whole,
	certificate,
	generator,
	objects,
}: PackageSignatures): SignatureFile[] {
	const files: SignatureFile[] = [];
	const put = (path: string, bytes: Uint8Array) => {
		if (!files.some((file) => file.path === `${signaturesFolder}/${path}`))
			files.push({ path: `${signaturesFolder}/${path}`, bytes });
		return path;
	};
	const layout: Layout = {
		format: layoutFormat,
		version: layoutVersion,
		package: { sha256: whole.sha256, cms: put("package.p7s", whole.cms) },
		certificate: put("certificate.pem", Buffer.from(certificate.pem)),
		...(generator ? { generator } : {}),
		objects: objects.map(({ object, sha256, loaders }) => ({
			object,
			sha256,
			loaders: loaders.map((loader) => {
				const folder = object.replace(/(\.bpf)?\.o$/, "");
				return {
					contract: loader.contract,
					insns: put(`loaders/${folder}/${loader.contract}.bin`, loader.insns),
					// The contracts differ in instructions alone.
					data: put(`loaders/${folder}/data.bin`, loader.data),
					cms: put(`loaders/${folder}/${loader.contract}.p7s`, loader.cms),
					excl_prog_hash: loader.exclProgHash,
					maps: loader.maps,
					programs: loader.programs,
				};
			}),
		})),
	};
	const text = `${JSON.stringify(layout, null, "\t")}\n`;
	return [{ path: layoutFile, bytes: Buffer.from(text) }, ...files];
}
