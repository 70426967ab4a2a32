// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, PackageRecord } from "../base/results.js";
import { notLoaded } from "../data/package/autoload.js";
import type { BrokenPackage } from "../data/package/broken-package.js";
import { capabilitiesOf } from "../data/package/capabilities.js";
import { LinkError } from "../data/package/elf/link.js";
import type { Package } from "../data/package/package.js";
import { reason } from "../data/reasons/registry/registry.js";
import { leftUnattached } from "../lab/subject/attach/attachables.js";

/** What the results say of a package. @param tested a program that some case is about was loaded */
export function packageRecord(pkg: Package, tested: readonly CaseResult[]): PackageRecord {
	const { name, version, sha256, path, bare } = pkg;
	const left = notLoaded(pkg).filter(
		({ object, program }) =>
			!tested.some(({ package: other, evidence, outcome }) => {
				const same = other === name && evidence.object === object && evidence.program === program;
				return same && outcome !== "skip";
			}),
	);
	const loose = leftUnattached(pkg);
	const capabilities = capabilitiesOf(pkg);
	return {
		name,
		...(bare ? {} : { version }),
		sha256,
		path,
		...(left.length > 0 ? { not_loaded: left } : {}),
		...(loose.length > 0 ? { not_attached: loose } : {}),
		...(capabilities.length > 0 ? { capabilities } : {}),
	};
}

/** What a kernel shows of an input that cannot be read. */
export function unreadableResult(check: string, errors: BrokenPackage["errors"]) {
	const [first, ...more] = errors;
	const what = `${first?.message}${more.length > 0 ? `; and ${more.length} more` : ""}`;
	const code = first instanceof LinkError ? "link-refused" : "package-invalid";
	return {
		check,
		case: "input",
		outcome: "fail" as const,
		reason: reason(code, { what }),
		duration_ms: 0,
		evidence: { errors: errors.map(({ message }) => message) },
	};
}
