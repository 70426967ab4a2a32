// SPDX-License-Identifier: Apache-2.0
import type { Certificate } from "../certificate.js";
import type { LintFinding } from "./finding.js";

/** NIST SP 800-131A: shorter RSA keys are no longer allowed to sign. */
const leastRsaBits = 2048;

/**
 * Whether a certificate is good for signing programs. Kernels look at none of this when they check a signature with a key
 * that is in a keyring: only who puts it there can.
 *
 * @param now in milliseconds since 1970
 */
export function lintCertificate(certificate: Certificate, now: number): LintFinding[] {
	const { validFrom, validTo, keyUsage, node } = certificate;
	const findings: LintFinding[] = [];
	if (now > Date.parse(validTo))
		findings.push({
			code: "certificate-expired",
			severity: "error",
			sentence: `The certificate of ${certificate.subject} expired at ${validTo}; kernels do not look at that.`,
			hint: "sign again with a certificate that is valid, and take the old one out of the keyrings",
		});
	if (now < Date.parse(validFrom))
		findings.push({
			code: "certificate-not-yet-valid",
			severity: "error",
			sentence: `The certificate of ${certificate.subject} is not valid before ${validFrom}; kernels do not look at that.`,
			hint: "see whether this machine's clock is right, or sign with another certificate",
		});
	if (!keyUsage?.includes("digitalSignature"))
		findings.push({
			code: "certificate-usage",
			severity: "warning",
			sentence: keyUsage
				? `The certificate of ${certificate.subject} is for ${keyUsage.join(", ")}, not for digitalSignature.`
				: `The certificate of ${certificate.subject} does not say what its key is for.`,
			hint: "sign with a certificate of key usage digitalSignature: `bpfgate keygen` makes one",
		});
	const bits = node.publicKey.asymmetricKeyDetails?.modulusLength;
	if (bits !== undefined && bits < leastRsaBits)
		findings.push({
			code: "weak-key",
			severity: "error",
			sentence: `The key of ${certificate.subject} is RSA with ${bits} bits, which can be broken.`,
			hint: `sign with RSA of at least ${leastRsaBits} bits or ECDSA: \`bpfgate keygen\` makes a key`,
		});
	return findings;
}
