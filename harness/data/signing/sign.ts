// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { contentsOf } from "../package/contents.js";
import { signaturesFolder } from "../package/manifest/load-manifest.js";
import { manifestName, openPackage, type Package } from "../package/package.js";
import { readLightSkeleton } from "./bpftool/light-skeleton.js";
import { loaderOfSkeleton } from "./bpftool/loader.js";
import { type Certificate, unfit } from "./certificate.js";
import { signDetached } from "./cms.js";
import { contracts as allContracts, type Contract } from "./contract.js";
import { packageDocument } from "./document.js";
import type { SigningKey } from "./key.js";
import { layoutFiles, type Sealed, type SignedObject, signedBytes, type Unsealed } from "./layout.js";
import type { CoveredFile } from "./layout-schema.js";
import { lintCertificate } from "./lint/certificate.js";
import { clause } from "./lint/finding.js";
import { lintSize } from "./lint/protection.js";
import { generateLoaders } from "./loader/generate.js";
import { generator } from "./loader/generator.js";
import { Unsignable } from "./loader/unsignable.js";
import type { SignedLoader } from "./signed-loader.js";
import { writeSignatures } from "./write.js";

export interface SignPackageOptions {
	/** Default: all. None: the package level alone. */
	contracts?: readonly Contract[];
	/**
	 * Light skeletons that bpftool signed with the certificate's key: each is its object's loader
	 * for the contract that it was made for.
	 */
	headers?: readonly { object: string; file: string; bytes: Uint8Array }[];
	/** Archive to write; needed for an archive, refused for a folder. */
	out?: string;
	/** Milliseconds since 1970. */
	now?: number;
}

/**
 * Signs a package at its own level and a loader for each object and contract; writes `signatures/`
 * into its folder, whole or not at all, or a new archive.
 * @throws InputError when the certificate is unfit or not the key's, or an object is not signable
 */
export async function signPackage(
	path: string,
	key: SigningKey,
	certificate: Certificate,
	options: SignPackageOptions = {},
): Promise<Sealed> {
	const signatures = await madeReady(path, key, certificate, options);
	await writeSignatures(path, layoutFiles(signatures), options.out);
	return signatures;
}

/** Packages made ready while one is written: as many as libuv has threads to sign in. */
const ahead = 4;

/** `signPackage` of each in order, the next ones prepared; ends with the first failure. */
export async function* signPackages(
	paths: readonly string[],
	key: SigningKey,
	certificate: Certificate,
	options: SignPackageOptions = {},
): AsyncGenerator<{ path: string; signatures: Sealed }> {
	// One thing at a time for a token, which may ask the user to touch it.
	const width = key.kind === "pkcs11" ? 1 : ahead;
	const ready: Promise<Sealed>[] = [];
	for (const [index, path] of paths.entries()) {
		for (const next of paths.slice(index + ready.length, index + width)) {
			const signatures = madeReady(next, key, certificate, options);
			// What an earlier one throws ends all; this one's is thrown when it is its turn.
			signatures.catch(() => {});
			ready.push(signatures);
		}
		const signatures = await ready.shift()!;
		await writeSignatures(path, layoutFiles(signatures), options.out);
		yield { path, signatures };
	}
}

async function madeReady(
	path: string,
	key: SigningKey,
	certificate: Certificate,
	{ now = Date.now(), ...what }: SignPackageOptions,
): Promise<Sealed> {
	const pkg = await openPackage(path);
	if (pkg.bare)
		throw new InputError(
			path,
			"",
			`is a bare object; a package (a folder with ${manifestName}) can be signed`,
		);
	const wrong = unfit(certificate, now);
	if (wrong !== undefined)
		throw new InputError("certificate", "", `${certificate.subject} cannot sign: ${wrong}`);
	const error = lintCertificate(certificate, now).find(({ severity }) => severity === "error");
	if (error) throw new InputError("certificate", "", `${clause(error)}; ${error.hint}`);
	const signatures = await signaturesOf(pkg, key, certificate, what);
	for (const { object, loaders } of signatures.objects)
		for (const loader of loaders)
			for (const large of lintSize(loader))
				throw new InputError(
					object,
					"",
					`${loader.contract}: ${clause(large)}; ${large.hint}, or sign for the other contracts alone (--contracts)`,
				);
	return signatures;
}

/** What `signPackage` writes, in memory; kernels may refuse the certificate or the sizes. */
export async function signaturesOf(
	pkg: Package,
	key: SigningKey,
	certificate: Certificate,
	{ contracts = allContracts, headers = [] }: Pick<SignPackageOptions, "contracts" | "headers"> = {},
): Promise<Sealed> {
	const objects: SignedObject[] = [];
	for (const object of pkg.objects) {
		const given = headers.filter((header) => header.object === object.file);
		const signed = given.map(({ file, bytes }) =>
			loaderOfSkeleton(readLightSkeleton(file, bytes), certificate, object.maps),
		);
		const others = contracts.filter((each) => !signed.some(({ contract }) => contract === each));
		if (new Set(signed.map(({ contract }) => contract)).size < signed.length)
			throw new InputError(object.file, "", "has two light skeletons for the same contract");
		const [variant] = pkg.variants.flat().filter(({ programs }) => programs.has(object.file));
		if (given.length + others.length > 0 && variant)
			throw new Unsignable(
				object,
				`variant ${variant.label} is used only where it works, and a loader loads all programs`,
			);
		const making: Promise<SignedLoader>[] = [];
		for (const loader of others.length > 0 ? await generateLoaders(object, others) : []) {
			const cms = signDetached(signedBytes(loader), key, certificate);
			if (key.kind === "pkcs11") await cms;
			const display = `${object.file}: ${loader.contract}`;
			making.push(cms.then((cms) => ({ ...loader, cms, display })));
		}
		objects.push({ object: object.file, loaders: [...signed, ...(await Promise.all(making))] });
	}
	const unknown = headers.find(({ object }) => !pkg.objects.some(({ file }) => file === object));
	if (unknown)
		throw new InputError(
			unknown.file,
			"",
			`${JSON.stringify(unknown.object)} is not an object of ${pkg.path}`,
		);
	const made = objects.some(({ loaders }) => loaders.some(({ header }) => header === undefined));
	const { name, version, sha256 } = pkg;
	const unsealed = {
		package: { name, version, sha256 },
		certificate,
		...(made ? { generator } : {}),
		objects,
		files: await filesToSign(pkg),
	};
	return seal(unsealed, key);
}

/** Signs the package as a whole. */
export async function seal(unsealed: Unsealed, key: SigningKey): Promise<Sealed> {
	const [layout] = layoutFiles({ ...unsealed, cms: new Uint8Array() });
	const document = packageDocument(unsealed.package, layout!.bytes);
	return { ...unsealed, cms: await signDetached(document, key, unsealed.certificate) };
}

/** @throws InputError when there is something that no signature can cover */
async function filesToSign(pkg: Package): Promise<CoveredFile[]> {
	return (await contentsOf(pkg)).flatMap((content) => {
		const { path } = content;
		if (path.startsWith(`${signaturesFolder}/`)) return [];
		if (content.kind !== "file")
			throw new InputError(pkg.path, JSON.stringify(path), unsignable[content.kind]);
		const { sha256, size } = content;
		return [{ path, sha256, size }];
	});
}

const unsignable = {
	link: "is a link, which no signature covers; replace it by the file",
	repository:
		"is a repository, which changes with use, so no signature covers it; sign a copy without it, as `git archive` makes",
	other: "is not a regular file with a name in UTF-8, which no signature covers; remove it",
};
