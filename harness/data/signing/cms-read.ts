// SPDX-License-Identifier: Apache-2.0
import { verify } from "node:crypto";
import type { Certificate } from "./certificate.js";
import { contentOf, type Der, NotDer, readAll, readDer, readOid, tag } from "./der.js";

const maxCmsBytes = 1024 * 1024;

/** Object identifiers of hashes, by the names of openssl. */
const digests: Record<string, string> = {
	"1.2.840.113549.2.5": "md5",
	"1.3.14.3.2.26": "sha1",
	"2.16.840.1.101.3.4.2.1": "sha256",
	"2.16.840.1.101.3.4.2.2": "sha384",
	"2.16.840.1.101.3.4.2.3": "sha512",
	"2.16.840.1.101.3.4.2.4": "sha224",
};

/** A CMS signature with one signer, taken apart. */
export interface CmsSignature {
	/** Hash by name, or its object identifier when it is an unusual one. */
	digest: string;
	/** The signer's subject key identifier, hexadecimal; absent with issuer and serial instead. */
	keyId?: string;
	attached: boolean;
	/** What is signed are attributes, and only through them the content. */
	attributes: boolean;
	/** How many certificates are inside. */
	certificates: number;
	signature: Uint8Array;
}

/** What is wrong with bytes that should be a CMS signature. */
export class NotCms extends Error {
	override name = "NotCms";
}

/** @throws NotCms in words that follow "the signature" */
export function readCms(bytes: Uint8Array): CmsSignature {
	if (bytes.length > maxCmsBytes)
		throw new NotCms(`has ${bytes.length} bytes, more than the ${maxCmsBytes} that are read`);
	try {
		return signedData(bytes);
	} catch (cause) {
		if (cause instanceof NotDer) throw new NotCms("is not a CMS signature in DER form", { cause });
		throw cause;
	}
}

const idSignedData = "1.2.840.113549.1.7.2";

/** RFC 5652, 3 and 5: SignedData inside ContentInfo, and the one SignerInfo in it. */
function signedData(bytes: Uint8Array): CmsSignature {
	const [type, content] = readAll(contentOf(readDer(bytes), tag.sequence));
	if (readOid(type) !== idSignedData) throw new NotCms("is CMS, but no signature");
	const fields = readAll(contentOf(readDer(contentOf(content, tag.constructed(0))), tag.sequence));
	const [version, algorithms, encapsulated, ...rest] = fields;
	contentOf(version, tag.integer);
	contentOf(algorithms, tag.set);
	const inside = readAll(contentOf(encapsulated, tag.sequence));
	const certificates = rest.find((field) => field.tag === tag.constructed(0));
	const signers = readAll(contentOf(rest.at(-1), tag.set));
	const [signer] = signers;
	if (!signer || signers.length > 1) throw new NotCms(`has ${signers.length} signers instead of one`);
	return {
		...signerInfo(signer),
		attached: inside.length > 1,
		certificates: certificates ? readAll(certificates.content).length : 0,
	};
}

function signerInfo(signer: Der): Pick<CmsSignature, "digest" | "keyId" | "attributes" | "signature"> {
	const [version, id, algorithm, ...rest] = readAll(contentOf(signer, tag.sequence));
	contentOf(version, tag.integer);
	const oid = readOid(readAll(contentOf(algorithm, tag.sequence))[0]);
	const attributes = rest[0]?.tag === tag.constructed(0);
	const [signatureAlgorithm, signature] = attributes ? rest.slice(1) : rest;
	contentOf(signatureAlgorithm, tag.sequence);
	return {
		digest: digests[oid] ?? oid,
		...(id?.tag === tag.primitive(0) ? { keyId: Buffer.from(id.content).toString("hex") } : {}),
		attributes,
		signature: contentOf(signature, tag.octetString),
	};
}

/** Why this key did not sign these bytes as kernels take it; undefined when it did. */
export function wrongSignature(
	bytes: Uint8Array,
	cms: Uint8Array,
	certificate: Certificate,
): string | undefined {
	let read: CmsSignature;
	try {
		read = readCms(cms);
	} catch (error) {
		if (error instanceof NotCms) return `the signature ${error.message}`;
		throw error;
	}
	if (read.attached) return "the signature has its content inside; kernels want it detached";
	if (read.attributes) return "the signature is over attributes, which kernels do not take";
	if (read.digest !== "sha256") return `the signature is made with ${read.digest}, not with sha256`;
	if (read.keyId === undefined) return "the signature does not name its key by subject key identifier";
	if (read.keyId !== certificate.keyId)
		return `the signature is by key ${read.keyId}, the certificate is of key ${certificate.keyId}`;
	if (!matches(read.digest, bytes, certificate, read.signature))
		return "the signature does not match: what it covers was changed, or another key made it";
	return undefined;
}

function matches(digest: string, bytes: Uint8Array, { node }: Certificate, signature: Uint8Array): boolean {
	try {
		return verify(digest, bytes, node.publicKey, signature);
	} catch {
		// A key of a kind that does not go with the digest has signed nothing.
		return false;
	}
}
