// SPDX-License-Identifier: Apache-2.0
import type { Certificate } from "../certificate.js";
import { type LintFinding, weakness } from "./finding.js";

/** NIST SP 800-131A: shorter RSA keys are no longer allowed to sign, nor is ECDSA on P-192. */
const leastRsaBits = 2048;
const weakCurve = "prime192v1";
/** RSA sizes and curves that kernels take (crypto/rsa.c, x509_cert_parser.c). */
const rsaBits = [2048, 3072, 4096];
const curves = ["prime256v1", "secp384r1", "secp521r1"];

/** Whether a certificate should sign programs, which no kernel checks. @param now ms since 1970 */
export function lintCertificate(certificate: Certificate, now: number): LintFinding[] {
	const { validFrom, validTo, keyUsage } = certificate;
	const findings: LintFinding[] = [];
	if (now > Date.parse(validTo))
		findings.push(weakness("error", "certificate-expired", { subject: certificate.subject, until: validTo }));
	if (now < Date.parse(validFrom))
		findings.push(
			weakness("error", "certificate-not-yet-valid", { subject: certificate.subject, from: validFrom }),
		);
	if (!keyUsage?.includes("digitalSignature"))
		findings.push(
			weakness("warning", "certificate-usage", {
				subject: certificate.subject,
				...(keyUsage ? { usage: keyUsage.join(", ") } : {}),
			}),
		);
	return [...findings, ...lintKey(certificate)];
}

function lintKey({ subject, key, node }: Certificate): LintFinding[] {
	const { asymmetricKeyType: type, asymmetricKeyDetails } = node.publicKey;
	const { modulusLength: bits = 0, namedCurve: curve = "" } = asymmetricKeyDetails ?? {};
	if ((type === "rsa" && bits < leastRsaBits) || curve === weakCurve)
		return [weakness("error", "weak-key", { subject, key })];
	const taken = type === "rsa" ? rsaBits.includes(bits) : type === "ec" && curves.includes(curve);
	return taken ? [] : [weakness("error", "key-unsupported", { subject, key })];
}
