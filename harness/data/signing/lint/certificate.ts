// SPDX-License-Identifier: Apache-2.0
import type { Certificate } from "../certificate.js";
import type { LintFinding } from "./finding.js";

/** NIST SP 800-131A: shorter RSA keys are no longer allowed to sign, nor is ECDSA on P-192. */
const leastRsaBits = 2048;
const weakCurve = "prime192v1";
/**
 * Lengths of RSA keys that kernels take (crypto/rsa.c), and curves
 * (crypto/asymmetric_keys/x509_cert_parser.c).
 */
const rsaBits = [2048, 3072, 4096];
const curves = ["prime256v1", "secp384r1", "secp521r1"];

/**
 * Whether a certificate is good for signing programs. Kernels look at none of this when they check
 * a signature with a key that is in a keyring: only who puts it there can.
 *
 * @param now in milliseconds since 1970
 */
export function lintCertificate(certificate: Certificate, now: number): LintFinding[] {
	const { validFrom, validTo, keyUsage } = certificate;
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
	return [...findings, ...lintKey(certificate)];
}

function lintKey({ subject, key, node }: Certificate): LintFinding[] {
	const { asymmetricKeyType: type, asymmetricKeyDetails } = node.publicKey;
	const { modulusLength: bits = 0, namedCurve: curve = "" } = asymmetricKeyDetails ?? {};
	const finding = (code: LintFinding["code"], which: string): LintFinding => ({
		code,
		severity: "error",
		sentence: `The key of ${subject} is ${key}, ${which}.`,
		hint: "sign with RSA of 2048, 3072 or 4096 bits, or ECDSA on P-256, P-384 or P-521: `bpfgate keygen` makes a key",
	});
	if ((type === "rsa" && bits < leastRsaBits) || curve === weakCurve)
		return [finding("weak-key", "which can be broken")];
	const taken = type === "rsa" ? rsaBits.includes(bits) : type === "ec" && curves.includes(curve);
	return taken ? [] : [finding("key-unsupported", "which no kernel takes")];
}
