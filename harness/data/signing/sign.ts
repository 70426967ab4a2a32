// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { InputError } from "../../base/errors.js";
import { manifestName, openPackage, type Package } from "../package/package.js";
import { type Certificate, unfit } from "./certificate.js";
import { signDetached } from "./cms.js";
import { contracts as allContracts, type Contract } from "./contract.js";
import { packageDocument } from "./document.js";
import type { SigningKey } from "./key.js";
import { layoutFiles, type PackageSignatures, type SignedObject, signedBytes } from "./layout.js";
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
): Promise<PackageSignatures> {
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
): AsyncGenerator<{ path: string; signatures: PackageSignatures }> {
	// One thing at a time for a token, which may ask the user to touch it.
	const width = key.kind === "pkcs11" ? 1 : ahead;
	const ready: Promise<PackageSignatures>[] = [];
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
	{ contracts, now = Date.now() }: SignPackageOptions,
): Promise<PackageSignatures> {
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
	const signatures = await signaturesOf(pkg, key, certificate, contracts);
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
	contracts: readonly Contract[] = allContracts,
): Promise<PackageSignatures> {
	const objects: SignedObject[] = [];
	for (const object of pkg.objects) {
		const [variant] = pkg.variants.flat().filter(({ programs }) => programs.has(object.file));
		if (contracts.length > 0 && variant)
			throw new Unsignable(
				object,
				`variant ${variant.label} is used only where it works, and a loader loads all programs`,
			);
		const loaders = contracts.length > 0 ? await generateLoaders(object, contracts) : [];
		const sha256 = createHash("sha256").update(object.bytes).digest("hex");
		const signed: Promise<SignedLoader>[] = [];
		for (const loader of loaders) {
			const cms = signDetached(signedBytes(loader), key, certificate);
			if (key.kind === "pkcs11") await cms;
			const display = `${object.file}: ${loader.contract}`;
			signed.push(cms.then((cms) => ({ ...loader, cms, display })));
		}
		objects.push({ object: object.file, sha256, loaders: await Promise.all(signed) });
	}
	const made = objects.some(({ loaders }) => loaders.length > 0) ? { generator } : {};
	const cms = await signDetached(packageDocument(pkg, { ...made, objects }), key, certificate);
	return { package: { sha256: pkg.sha256, cms, display: "package.p7s" }, certificate, ...made, objects };
}
