// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { openPackage, type PackageObject } from "../../package/package.js";
import type { Certificate } from "../certificate.js";
import { readSignatures } from "../layout.js";
import type { SignedLoader } from "../signed-loader.js";

export interface ExampleLoader {
	loader: SignedLoader;
	object: PackageObject;
	certificate: Certificate;
}

/** The loader that a bpftool made and signed, as an example package has it. */
export async function exampleLoader(name: string): Promise<ExampleLoader> {
	const pkg = await openPackage(fileURLToPath(new URL(`../../../../programs/${name}`, import.meta.url)));
	const signatures = readSignatures(pkg);
	const loader = signatures?.objects[0]?.loaders[0];
	const object = pkg.objects[0];
	if (!loader || !object) throw new Error(`${name} is not signed`);
	return { loader, object, certificate: signatures.certificate };
}
