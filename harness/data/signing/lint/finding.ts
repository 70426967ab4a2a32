// SPDX-License-Identifier: Apache-2.0

/** What the lint of signed loaders can find; documented in docs/signature-lint.md. */
export const lintCodes = [
	"unknown-loader",
	"metadata-unchecked",
	"metadata-not-exclusive",
	"metadata-hash-differs",
	"host-sizes-maps",
	"host-initial-values",
	"host-input",
	"payload-too-large",
	"other-maps",
	"other-programs",
	"other-instructions",
	"signature-unreadable",
	"signature-too-large",
	"weak-digest",
	"content-attached",
	"attributes-signed",
	"certificates-embedded",
	"certificate-expired",
	"certificate-not-yet-valid",
	"certificate-usage",
	"weak-key",
	"key-unsupported",
] as const;

export type LintCode = (typeof lintCodes)[number];

/** One weakness of a signed loader. */
export interface LintFinding {
	code: LintCode;
	/**
	 * `error`: the signature does not protect what it should, or no kernel of its contract takes
	 * it; `warning`: it is weaker than it could be, or its contract leaves no better way.
	 */
	severity: "error" | "warning";
	sentence: string;
	/** What to do about it. */
	hint: string;
}

/** What a finding says, as it stands behind a colon. */
export function clause({ sentence }: LintFinding): string {
	return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
