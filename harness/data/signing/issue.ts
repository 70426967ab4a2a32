// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes, webcrypto } from "node:crypto";
import { type Certificate, readCertificate } from "./certificate.js";

/** Kinds of keys; `rsa` has 3072 bits, `ecdsa` is on P-256. */
export type KeyType = "rsa" | "rsa2048" | "rsa4096" | "ecdsa" | "ecdsa384" | "ed25519";

const rsa = (modulusLength: number) => ({
	name: "RSASSA-PKCS1-v1_5",
	hash: "SHA-256",
	modulusLength,
	publicExponent: new Uint8Array([1, 0, 1]),
});
const algorithms: Record<KeyType, { name: string } & Record<string, unknown>> = {
	rsa: rsa(3072),
	rsa2048: rsa(2048),
	rsa4096: rsa(4096),
	ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
	ecdsa384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
	ed25519: { name: "Ed25519" },
};
const digitalSignature = 1;
const codeSigning = "1.3.6.1.5.5.7.3.3";
const day = 24 * 60 * 60 * 1000;
/** A machine whose clock is behind must not find a new package signed in the future. */
const skew = 60 * 60 * 1000;

export interface IssueOptions {
	/** Default: rsa. */
	type?: KeyType;
	/** Common name. Default: `bpfgate`. */
	subject?: string;
	/** Default: an hour ago. */
	validFrom?: Date;
	/** Default: a year after `validFrom`. */
	validTo?: Date;
	/** KeyUsageFlags of @peculiar/x509. Default: digitalSignature. */
	keyUsage?: number;
	/** Default: codeSigning alone. Empty: the certificate does not limit it. */
	extendedKeyUsage?: string[];
	withoutKeyId?: boolean;
}

/** A new key with its self-signed certificate. */
export interface Identity {
	/** PKCS#8, PEM. Never to be written to a file that is not the user's. */
	privateKey: string;
	certificate: Certificate;
}

/** A new key and self-signed certificate that signs programs only. Both in memory only. */
export async function issue(options: IssueOptions = {}): Promise<Identity> {
	const { type = "rsa", subject = "bpfgate", validFrom = new Date(Date.now() - skew) } = options;
	const { validTo = new Date(validFrom.getTime() + 365 * day), withoutKeyId = false } = options;
	const { keyUsage = digitalSignature, extendedKeyUsage = [codeSigning] } = options;
	// Only here, as it takes longer to import than most commands take.
	await import("reflect-metadata");
	const x509 = await import("@peculiar/x509");
	const algorithm = algorithms[type];
	const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
		"sign",
		"verify",
	])) as webcrypto.CryptoKeyPair;
	const spki = new Uint8Array(await webcrypto.subtle.exportKey("spki", keys.publicKey));
	const certificate = await x509.X509CertificateGenerator.createSelfSigned(
		{
			serialNumber: serialNumber(),
			name: [{ CN: [subject] }],
			notBefore: wholeSeconds(validFrom),
			notAfter: wholeSeconds(validTo),
			keys,
			signingAlgorithm: algorithm,
			extensions: [
				new x509.BasicConstraintsExtension(false, undefined, true),
				new x509.KeyUsagesExtension(keyUsage, true),
				...(extendedKeyUsage.length > 0 ? [new x509.ExtendedKeyUsageExtension(extendedKeyUsage)] : []),
				...(withoutKeyId ? [] : [new x509.SubjectKeyIdentifierExtension(keyIdOf(spki))]),
			],
		},
		webcrypto,
	);
	const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
	return {
		privateKey: `-----BEGIN PRIVATE KEY-----\n${wrapped(pkcs8)}-----END PRIVATE KEY-----\n`,
		certificate: readCertificate("certificate", new Uint8Array(certificate.rawData)),
	};
}

/** RFC 5280, 4.2.1.2: any value unique to the key; here 20 bytes of its SHA-256. */
function keyIdOf(spki: Uint8Array): string {
	return createHash("sha256").update(spki).digest("hex").slice(0, 40);
}

function serialNumber(): string {
	const bytes = randomBytes(16);
	bytes[0] = (bytes[0]! & 0x7f) | 0x40;
	return bytes.toString("hex");
}

/** A certificate says no fractions of a second. */
function wholeSeconds(date: Date): Date {
	return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function wrapped(bytes: Buffer): string {
	return bytes.toString("base64").replace(/.{1,64}/g, "$&\n");
}
