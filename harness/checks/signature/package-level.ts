// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import type { Package } from "../../data/package/package.js";
import { type PackageSignatures, readSignatures } from "../../data/signing/layout.js";
import { type Verification, verifyPackage } from "../../data/signing/verify.js";
import type { Finding } from "../../lab/check.js";

const hint = "sign the package anew with `bpfgate sign`; `bpfgate verify` tells the same without a kernel";

/**
 * What the signatures of a package are worth without a kernel, and these, as far as they can be
 * read.
 */
export async function packageFinding(
	pkg: Package,
): Promise<{ finding: Finding; read: PackageSignatures | undefined }> {
	const base = { case: "package" };
	let read: PackageSignatures | undefined;
	let verification: Verification;
	try {
		read = readSignatures(pkg);
		verification = await verifyPackage(pkg);
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		const reason = { code: "package-signature", message: error.message, hint };
		const evidence = { file: error.file, place: error.place, problems: [error.reason] };
		return { finding: { ...base, outcome: "fail", reason, evidence }, read };
	}
	const { problems, objects, signer } = verification;
	const evidence = {
		...(signer ? { signer: signer.subject, key_id: signer.keyId, valid_to: signer.validTo } : {}),
		contracts: Object.fromEntries(
			objects.map(({ object, contracts }) => [
				object,
				contracts.filter(({ state }) => state === "valid").map(({ contract }) => contract),
			]),
		),
	};
	const [first] = problems;
	if (first === undefined) return { finding: { ...base, outcome: "pass", evidence }, read };
	const more = problems.length > 1 ? `; and ${problems.length - 1} more` : "";
	const reason = { code: "package-signature", message: `${first}${more}`, hint };
	return { finding: { ...base, outcome: "fail", reason, evidence: { ...evidence, problems } }, read };
}
