// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { InputError } from "../../base/errors.js";
import { pathProblem, signaturesFolder } from "../package/manifest/load-manifest.js";
import type { Package } from "../package/package.js";
import { readLightSkeleton } from "./bpftool/light-skeleton.js";
import { loaderOfSkeleton } from "./bpftool/loader.js";
import { type Certificate, readCertificate } from "./certificate.js";
import { formerDocument, packageDocument } from "./document.js";
import { formerlyVerified } from "./former-layout.js";
import {
	type CoveredFile,
	type Layout,
	layoutFile,
	layoutFormat,
	layoutText,
	layoutVersion,
	parseLayout,
} from "./layout-schema.js";
import type { Loader } from "./loader/generate.js";
import type { Generator } from "./loader/generator.js";
import type { SignedLoader } from "./signed-loader.js";

export interface SignedObject {
	/** Path inside the package. */
	object: string;
	/** Of its bytes when it was signed; in version 1, later `files` has it. */
	sha256?: string;
	loaders: SignedLoader[];
}

/** The signatures that come with a package: read and well-formed, not yet verified. */
export interface PackageSignatures {
	/** Of `signatures.json`. */
	version: 1 | 2;
	package: { name: string; version: string; sha256: string; cms: Uint8Array; display: string };
	/** What the package's signature has to be over. */
	document: Uint8Array;
	certificate: Certificate;
	/** What made the loaders; absent without loaders of bpfgate's. */
	generator?: Generator;
	objects: SignedObject[];
	/** The files of the package when it was signed; none in version 1. */
	files: readonly CoveredFile[];
	/** Paths of files that are verified in other ways than by `files`. */
	verified: ReadonlySet<string>;
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
	const objects = layout.objects.map((entry, at): SignedObject => {
		const loaders = entry.loaders.map((loader, number): SignedLoader => {
			const place = `/objects/${at}/loaders/${number}`;
			if ("lskel" in loader) {
				const { display, bytes } = read(loader.lskel, `${place}/lskel`);
				const maps = pkg.objects.find(({ file }) => file === entry.object)?.maps ?? [];
				return loaderOfSkeleton(readLightSkeleton(display, bytes), certificate, maps);
			}
			const signature = read(loader.cms, `${place}/cms`);
			return {
				contract: loader.contract,
				insns: read(loader.insns, `${place}/insns`).bytes,
				data: read(loader.data, `${place}/data`).bytes,
				exclProgHash: loader.excl_prog_hash,
				maps: loader.maps,
				programs: loader.programs,
				cms: signature.bytes,
				display: signature.display,
			};
		});
		return { object: entry.object, ...("sha256" in entry ? { sha256: entry.sha256 } : {}), loaders };
	});
	const { generator } = layout;
	const shared = { certificate, ...(generator ? { generator } : {}), objects };
	const signature = { cms: cms.bytes, display: cms.display };
	if (layout.version === 1) {
		const named = { name: pkg.name, version: pkg.version, sha256: layout.package.sha256 };
		return {
			...shared,
			version: 1,
			package: { ...named, ...signature },
			document: formerDocument(named, shared),
			files: [],
			verified: formerlyVerified(pkg, layout, index, certificate, certificateFile),
		};
	}
	return {
		...shared,
		version: layout.version,
		package: { ...layout.package, ...signature },
		document: packageDocument(layout.package, index.bytes),
		files: layout.files,
		verified: new Set([layoutFile, `${signaturesFolder}/${layout.package.cms}`]),
	};
}

/** A file below `signatures/`, by its path inside the package. */
export interface SignatureFile {
	path: string;
	bytes: Uint8Array;
}

/** What is signed of a package, before the package's own signature. */
export type Unsealed = Pick<PackageSignatures, "certificate" | "generator" | "objects" | "files"> & {
	package: Pick<PackageSignatures["package"], "name" | "version" | "sha256">;
};

/** All that is written into `signatures/`. */
export interface Sealed extends Unsealed {
	/** Over `packageDocument` of the bytes of `signatures.json`, which do not depend on it. */
	cms: Uint8Array;
}

const packageSignature = "package.p7s";

/**
 * The files that say what `readSignatures` reads, `signatures.json` first.
 * @throws InputError when they could not be read again
 */
export function layoutFiles(signed: Sealed): SignatureFile[] {
	const { certificate, generator, objects, cms } = signed;
	const { name, version, sha256 } = signed.package;
	const written = new Map<string, Uint8Array>();
	const put = (path: string, bytes: Uint8Array) => {
		written.set(`${signaturesFolder}/${path}`, bytes);
		return path;
	};
	const layout = {
		format: layoutFormat,
		version: layoutVersion,
		package: { name, version, sha256, cms: packageSignature },
		certificate: put("certificate.pem", Buffer.from(certificate.pem)),
		...(generator ? { generator } : {}),
		objects: objects.map(({ object, loaders }) => {
			const folder = object.replace(/(\.bpf)?\.o$/, "");
			const headers = loaders.filter(({ header }) => header !== undefined).length;
			return {
				object,
				loaders: loaders.map((loader) => {
					const { contract, header } = loader;
					if (header !== undefined)
						return { lskel: put(`${folder}${headers > 1 ? `.${contract}` : ""}.lskel.h`, header) };
					return {
						contract,
						insns: put(`loaders/${folder}/${contract}.bin`, loader.insns),
						// The contracts differ in instructions alone.
						data: put(`loaders/${folder}/data.bin`, loader.data),
						cms: put(`loaders/${folder}/${contract}.p7s`, loader.cms),
						excl_prog_hash: loader.exclProgHash,
						maps: loader.maps,
						programs: loader.programs,
					};
				}),
			};
		}),
	} satisfies Omit<Layout, "files">;
	const others = [...written].map(([path, bytes]) => ({ path, bytes }));
	const files = [
		...signed.files.filter(({ path }) => !path.startsWith(`${signaturesFolder}/`)),
		...others.map(({ path, bytes }) => ({
			path,
			sha256: createHash("sha256").update(bytes).digest("hex"),
			size: bytes.length,
		})),
	].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
	return [
		{ path: layoutFile, bytes: Buffer.from(layoutText({ ...layout, files })) },
		...others,
		{ path: `${signaturesFolder}/${packageSignature}`, bytes: cms },
	];
}
