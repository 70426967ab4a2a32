// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate as NodeCertificate } from "node:crypto";
import { InputError } from "../../base/errors.js";
import { contentOf, readAll, readDer, readOid, tag } from "./der.js";

const maxCertificateBytes = 64 * 1024;
const codeSigning = "1.3.6.1.5.5.7.3.3";
const anyUsage = "2.5.29.37.0";

export interface Certificate {
	pem: string;
	der: Uint8Array;
	/** `CN=…`, in the order of the certificate. */
	subject: string;
	/** Subject key identifier, in lower-case hexadecimal; "" without one. Signatures name it. */
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

/** Reads one certificate, PEM or DER. @param file as messages call it @throws InputError */
export function readCertificate(file: string, bytes: Uint8Array): Certificate {
	if (bytes.length > maxCertificateBytes)
		throw new InputError(
			file,
			"",
			`has ${bytes.length} bytes, more than the ${maxCertificateBytes} of a certificate`,
		);
	try {
		const node = new NodeCertificate(bytes);
		const extensions = readExtensions(node.raw);
		return {
			...usagesOf(extensions),
			pem: node.toString(),
			der: new Uint8Array(node.raw),
			subject: node.subject.split("\n").join(", "),
			keyId: keyIdOf(extensions),
			sha256: createHash("sha256").update(node.raw).digest("hex"),
			key: describeKey(node),
			validFrom: new Date(node.validFrom).toISOString(),
			validTo: new Date(node.validTo).toISOString(),
			node,
		};
	} catch (cause) {
		throw new InputError(file, "", "is not an X.509 certificate, neither PEM nor DER", { cause });
	}
}

/** RFC 5280, 4.2.1: what each extension holds, by its object identifier. */
const extensionOids = { keyId: "2.5.29.14", keyUsage: "2.5.29.15", extendedKeyUsage: "2.5.29.37" };
/** Bits of KeyUsage; the first is the highest of the first byte. */
const keyUsages = [
	"digitalSignature",
	"nonRepudiation",
	"keyEncipherment",
	"dataEncipherment",
	"keyAgreement",
	"keyCertSign",
	"cRLSign",
	"encipherOnly",
	"decipherOnly",
];

function readExtensions(certificate: Uint8Array): Map<string, Uint8Array> {
	const [signed] = readAll(contentOf(readDer(certificate), tag.sequence));
	const wrapper = readAll(contentOf(signed, tag.sequence)).find((field) => field.tag === tag.constructed(3));
	if (!wrapper) return new Map();
	const extensions = readAll(contentOf(readDer(wrapper.content), tag.sequence)).map(
		(extension): [string, Uint8Array] => {
			const fields = readAll(contentOf(extension, tag.sequence));
			return [readOid(fields[0]), contentOf(fields.at(-1), tag.octetString)];
		},
	);
	return new Map(extensions);
}

function keyIdOf(extensions: Map<string, Uint8Array>): string {
	const found = extensions.get(extensionOids.keyId);
	return found ? Buffer.from(contentOf(readDer(found), tag.octetString)).toString("hex") : "";
}

function usagesOf(extensions: Map<string, Uint8Array>): Pick<Certificate, "keyUsage" | "extendedKeyUsage"> {
	const usage = extensions.get(extensionOids.keyUsage);
	const extended = extensions.get(extensionOids.extendedKeyUsage);
	return {
		...(usage ? { keyUsage: flagNames(contentOf(readDer(usage), tag.bitString)) } : {}),
		...(extended
			? { extendedKeyUsage: readAll(contentOf(readDer(extended), tag.sequence)).map(readOid) }
			: {}),
	};
}

/** The first byte is the number of unused bits in the last one. */
function flagNames(bits: Uint8Array): string[] {
	return keyUsages.filter((_, index) => ((bits[1 + (index >> 3)] ?? 0) & (0x80 >> (index & 7))) !== 0);
}

/** Why a certificate cannot stand for a signer, or undefined. `now`: milliseconds since 1970. */
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

function describeKey({ publicKey }: NodeCertificate): string {
	const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
	const details = namedCurve ?? modulusLength;
	const type = publicKey.asymmetricKeyType ?? "unknown";
	return details === undefined ? type : `${type} ${details}`;
}
