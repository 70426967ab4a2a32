// SPDX-License-Identifier: Apache-2.0
import { signaturesFolder } from "../package/manifest/load-manifest.js";
import { canonicalFiles, type Package, type PackageFile } from "../package/package.js";
import type { Certificate } from "./certificate.js";
import { type FormerLayout, layoutFile } from "./layout-schema.js";
import { isOwnGenerator } from "./loader/generator.js";

/**
 * Paths of the files that the signatures of version 1 cover: what the manifest names, and what
 * bpfgate compares with what it makes itself. The C code of light skeletons is not covered.
 */
export function formerlyVerified(
	pkg: Package,
	layout: FormerLayout,
	index: PackageFile,
	certificate: Certificate,
	certificateFile: PackageFile,
): Set<string> {
	const own = layout.objects.flatMap(({ loaders }) =>
		loaders.flatMap((loader) => ("lskel" in loader ? [] : [loader])),
	);
	const paths = [layout.package.cms, ...own.flatMap(({ insns, data, cms }) => [insns, data, cms])];
	const verified = new Set([
		...canonicalFiles(pkg.manifest),
		...paths.map((path) => `${signaturesFolder}/${path}`),
	]);
	// Its values are all compared, but for names in loaders that cannot be made again.
	const written = `${JSON.stringify(layout, null, "\t")}\n`;
	const compared = own.length === 0 || !layout.generator || isOwnGenerator(layout.generator);
	if (compared && Buffer.compare(Buffer.from(written), index.bytes) === 0) verified.add(layoutFile);
	const forms = [certificate.der, Buffer.from(certificate.pem)];
	if (forms.some((form) => Buffer.compare(form, certificateFile.bytes) === 0))
		verified.add(certificateFile.file);
	return verified;
}
