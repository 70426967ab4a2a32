// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import type { Package } from "../../data/package/package.js";
import { reason } from "../../data/reasons/registry/registry.js";
import { type PackageSignatures, readSignatures } from "../../data/signing/layout.js";
import { clause, lintCodes } from "../../data/signing/lint/finding.js";
import { type LintFinding, lintLoader } from "../../data/signing/lint/lint.js";
import { type Verification, verifyPackage } from "../../data/signing/verify.js";
import type { Finding, FindingBody } from "../../lab/check.js";
import { failed, passed } from "../../lab/findings.js";

/** Whether the package's signatures are valid, without a kernel; and what could be read of them. */
export async function packageFinding(
	pkg: Package,
): Promise<{ finding: FindingBody; read: PackageSignatures | undefined }> {
	const because = (message: string) => reason("package-signature", { message });
	let read: PackageSignatures | undefined;
	let verification: Verification;
	try {
		read = readSignatures(pkg);
		verification = await verifyPackage(pkg);
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		const evidence = { file: error.file, place: error.place, problems: [error.reason] };
		return { finding: failed(because(error.message), evidence), read };
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
	if (first === undefined) return { finding: passed(evidence), read };
	const more = problems.length > 1 ? `; and ${problems.length - 1} more` : "";
	return { finding: failed(because(`${first}${more}`), { ...evidence, problems }), read };
}

/** Cases `lint/<code>` of a package that ships signatures; the same on every kernel. */
export function lintCases(pkg: Package): string[] {
	return pkg.signatures.length > 0 ? lintCodes.map(lintCase) : [];
}

const lintCase = (code: string) => `lint/${code}`;

/** Weaknesses of the loaders that a package ships, found in their bytes. */
export function* lintFindings(pkg: Package, signatures: PackageSignatures): Generator<Finding> {
	const found = signatures.objects.flatMap(({ object: file, loaders }) => {
		const object = pkg.objects.find((each) => each.file === file);
		return loaders.flatMap((loader) =>
			lintLoader(loader, { ...(object ? { object } : {}), certificate: signatures.certificate }).map(
				(finding) => ({ ...finding, of: `${file}, ${loader.contract}` }),
			),
		);
	});
	for (const code of lintCodes)
		yield { case: lintCase(code), ...judgedLint(found.filter((each) => each.code === code)) };
}

/** A warning alone passes, with its weakness in the evidence. */
function judgedLint(found: readonly (LintFinding & { of: string })[]): FindingBody {
	const evidence = found.length === 0 ? {} : { loaders: found.map(({ of }) => of) };
	const error = found.find(({ severity }) => severity === "error");
	if (error) {
		const { code, hint } = error;
		return failed({ code, message: `${error.of}: ${clause(error)}`, hint }, evidence);
	}
	const [warning] = found;
	return passed({ ...evidence, ...(warning ? { safe: false, weakness: warning.sentence } : {}) });
}
