// SPDX-License-Identifier: Apache-2.0
import "reflect-metadata";
import { createHash, X509Certificate as NodeCertificate } from "node:crypto";
import {
	ExtendedKeyUsageExtension,
	KeyUsageFlags,
	KeyUsagesExtension,
	SubjectKeyIdentifierExtension,
	X509Certificate,
} from "@peculiar/x509";
import { InputError } from "../errors.js";

const maxCertificateBytes = 64 * 1024;
const codeSigning = "1.3.6.1.5.5.7.3.3";
const anyUsage = "2.5.29.37.0";

/** A certificate, read. */
export interface Certificate {
	pem: string;
	der: Uint8Array;
	/** `CN=…`, in the order of the certificate. */
	subject: string;
	/** Subject key identifier, by which a signature names its signer; lower-case hexadecimal, "" without one. */
	keyId: string;
	/** SHA-256 of the certificate, lower-case hexadecimal. */
	sha256: string;
	/** `rsa`, `ec`, `ed25519`, … and what tells its strength: `rsa 2048`, `ec prime256v1`. */
	key: string;
	/** RFC 3339, UTC. */
	validFrom: string;
	validTo: string;
	/** `digitalSignature`, …; absent when the certificate does not limit it. */
	keyUsage?: string[];
	/** Names or OIDs; absent when the certificate does not limit it. */
	extendedKeyUsage?: string[];
	node: NodeCertificate;
}

/**
 * Reads one certificate, PEM or DER.
 *
 * @param file as messages call it
 * @throws InputError when it is none
 */
export function readCertificate(file: string, bytes: Uint8Array): Certificate {
	if (bytes.length > maxCertificateBytes)
		throw new InputError(
			file,
			"",
			`has ${bytes.length} bytes, more than the ${maxCertificateBytes} of a certificate`,
		);
	let node: NodeCertificate;
	let parsed: X509Certificate;
	try {
		node = new NodeCertificate(bytes);
		parsed = new X509Certificate(new Uint8Array(node.raw));
	} catch (cause) {
		throw new InputError(file, "", "is no X.509 certificate, neither PEM nor DER", { cause });
	}
	const usages = parsed.getExtension(KeyUsagesExtension);
	const extended = parsed.getExtension(ExtendedKeyUsageExtension);
	const { type, details } = describeKey(node);
	return {
		pem: node.toString(),
		der: new Uint8Array(node.raw),
		subject: node.subject.split("\n").join(", "),
		keyId: parsed.getExtension(SubjectKeyIdentifierExtension)?.keyId.toLowerCase() ?? "",
		sha256: createHash("sha256").update(node.raw).digest("hex"),
		key: details === "" ? type : `${type} ${details}`,
		validFrom: parsed.notBefore.toISOString(),
		validTo: parsed.notAfter.toISOString(),
		...(usages ? { keyUsage: flagNames(usages.usages) } : {}),
		...(extended ? { extendedKeyUsage: extended.usages.map(String) } : {}),
		node,
	};
}

/** Why a certificate cannot stand for who signs; undefined when it can. `now` in milliseconds since 1970. */
export function unfit(certificate: Certificate, now: number): string | undefined {
	const { keyUsage, extendedKeyUsage, keyId, validFrom, validTo } = certificate;
	if (keyUsage && !keyUsage.includes("digitalSignature"))
		return `its key usage is ${keyUsage.join(", ")}, without digitalSignature`;
	if (extendedKeyUsage && !extendedKeyUsage.some((usage) => usage === codeSigning || usage === anyUsage))
		return "its extended key usage has no codeSigning";
	if (keyId === "") return "it has no subject key identifier, by which kernels find a signer's key";
	return outOfDate(validFrom, validTo, now);
}

function outOfDate(validFrom: string, validTo: string, now: number): string | undefined {
	if (now < Date.parse(validFrom)) return `it is not valid before ${validFrom}`;
	if (now > Date.parse(validTo)) return `it expired at ${validTo}`;
	return undefined;
}

function describeKey({ publicKey }: NodeCertificate): { type: string; details: string } {
	const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
	return {
		type: publicKey.asymmetricKeyType ?? "unknown",
		details: namedCurve ?? (modulusLength === undefined ? "" : String(modulusLength)),
	};
}

function flagNames(flags: KeyUsageFlags): string[] {
	return Object.entries(KeyUsageFlags).flatMap(([name, value]) =>
		typeof value === "number" && (flags & value) !== 0 ? [name] : [],
	);
}
