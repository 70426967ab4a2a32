// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openPackage } from "../data/package/package.js";
import { signDetached } from "../data/signing/cms.js";
import { issue } from "../data/signing/issue.js";
import { layoutFiles } from "../data/signing/layout.js";
import { seal, signaturesOf, signPackage } from "../data/signing/sign.js";
import { writeSignatures } from "../data/signing/write.js";

/** Signs as `bpfgate sign` does. */
export async function signHonestly(folder: string): Promise<void> {
	const { privateKey, certificate } = await issue({ type: "ecdsa" });
	await signPackage(folder, { kind: "memory", pem: privateKey }, certificate);
}

/**
 * Signs with a loader that does not compare the hash of its metadata: that for 7.3, where the
 * kernel does it, in place of those for older kernels.
 */
export async function signCarelessly(folder: string): Promise<void> {
	const pkg = await openPackage(folder);
	const { privateKey, certificate } = await issue({ type: "ecdsa" });
	const key = { kind: "memory", pem: privateKey } as const;
	const sealed = await signaturesOf(pkg, key, certificate, { contracts: ["insns-maps"] });
	const objects = await Promise.all(
		sealed.objects.map(async ({ object, loaders: [loader] }) => {
			const cms = await signDetached(loader!.insns, key, certificate);
			const older = ["insns", "insns-excl"] as const;
			return { object, loaders: older.map((contract) => ({ ...loader!, contract, cms })) };
		}),
	);
	await writeSignatures(folder, layoutFiles(await seal({ ...sealed, objects }, key)));
}

/** Ships the loader of another object, which has programs and maps of the same names. */
export async function signOther(folder: string, file: string, other: Uint8Array): Promise<void> {
	const path = join(folder, file);
	const own = await readFile(path);
	await writeFile(path, other);
	const { privateKey, certificate } = await issue({ type: "ecdsa" });
	const key = { kind: "memory", pem: privateKey } as const;
	const { objects } = await signaturesOf(await openPackage(folder), key, certificate);
	await writeFile(path, own);
	const sealed = await signaturesOf(await openPackage(folder), key, certificate);
	await writeSignatures(folder, layoutFiles(await seal({ ...sealed, objects }, key)));
}
