// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { InputError } from "../errors.js";
import { manifestName, openPackage, type Package } from "../package/package.js";
import { type Certificate, unfit } from "./certificate.js";
import { signDetached } from "./cms.js";
import { contracts as allContracts, type Contract } from "./contract.js";
import { packageDocument } from "./document.js";
import type { SigningKey } from "./key.js";
import { layoutFiles, type PackageSignatures, type SignedObject, signedBytes } from "./layout.js";
import { generateLoaders } from "./loader/generate.js";
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
 * Signs a package at its own level and, for each object and contract, a loader of it; writes `signatures/` into the
 * package's folder, whole or not at all, or a new archive.
 *
 * @param certificate of the key, as it stands in the package
 * @throws InputError when the certificate is not fit (`unfit`) or not the key's, or an object cannot be signed
 */
export async function signPackage(
	path: string,
	key: SigningKey,
	certificate: Certificate,
	{ contracts = allContracts, out, now = Date.now() }: SignPackageOptions = {},
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
	const signatures = await signaturesOf(pkg, key, certificate, contracts);
	await writeSignatures(path, layoutFiles(signatures), out);
	return signatures;
}

/** What `signPackage` writes, in memory; does not look at the certificate's dates and usage. */
export async function signaturesOf(
	pkg: Package,
	key: SigningKey,
	certificate: Certificate,
	contracts: readonly Contract[] = allContracts,
): Promise<PackageSignatures> {
	// First, as it shows in no time whether key and certificate will do.
	const cms = await signDetached(packageDocument(pkg), key, certificate);
	const objects: SignedObject[] = [];
	for (const object of pkg.objects) {
		const loaders = contracts.length > 0 ? await generateLoaders(object, contracts) : [];
		const signed = loaders.map(async (loader) => ({
			...loader,
			cms: await signDetached(signedBytes(loader), key, certificate),
			display: `${object.file}: ${loader.contract}`,
		}));
		const sha256 = createHash("sha256").update(object.bytes).digest("hex");
		objects.push({ object: object.file, sha256, loaders: await Promise.all(signed) });
	}
	return { package: { sha256: pkg.sha256, cms, display: "package.p7s" }, certificate, objects };
}
