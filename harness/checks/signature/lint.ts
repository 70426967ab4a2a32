// SPDX-License-Identifier: Apache-2.0
import type { Package } from "../../data/package/package.js";
import type { PackageSignatures } from "../../data/signing/layout.js";
import { clause, lintCodes } from "../../data/signing/lint/finding.js";
import { type LintFinding, lintLoader } from "../../data/signing/lint/lint.js";
import type { Finding } from "../../lab/check.js";

/** The lint's cases, of a package that comes with signatures: they are the same on every kernel. */
export function lintCases(pkg: Package): string[] {
	return pkg.signatures.length > 0 ? lintCodes.map(caseOf) : [];
}

/** What is weak in the loaders that come with a package, from their bytes alone. */
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
		yield judged(
			code,
			found.filter((each) => each.code === code),
		);
}

/** What is only a warning passes, and stands in the evidence. */
function judged(code: string, found: readonly (LintFinding & { of: string })[]): Finding {
	const evidence = found.length === 0 ? {} : { loaders: found.map(({ of }) => of) };
	const error = found.find(({ severity }) => severity === "error");
	if (error)
		return {
			case: caseOf(code),
			outcome: "fail",
			reason: { code, message: `${error.of}: ${clause(error)}`, hint: error.hint },
			evidence,
		};
	const [warning] = found;
	return {
		case: caseOf(code),
		outcome: "pass",
		evidence: { ...evidence, ...(warning ? { safe: false, weakness: warning.sentence } : {}) },
	};
}

const caseOf = (code: string) => `lint/${code}`;
