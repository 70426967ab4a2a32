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

/** A CMS signature with one signer, taken apart: what its fields may differ in. */
export interface CmsSignature {
	/** Hash by name, or its object identifier when it is an unusual one. */
	digest: string;
	/** The signer's subject key identifier, hexadecimal; absent with issuer and serial instead. */
	keyId?: string;
	attached: boolean;
	/** What is signed are attributes, and only through them the content. */
	attributes: boolean;
	/** Those inside, DER. */
	certificates: Uint8Array[];
	/** Of the signature. */
	algorithm: Algorithm;
	signature: Uint8Array;
}

/** AlgorithmIdentifier of RFC 5280: which algorithm, and whether its parameters are NULL. */
interface Algorithm {
	oid: string;
	parameters: "absent" | "null";
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

export const idSignedData = "1.2.840.113549.1.7.2";
export const idData = "1.2.840.113549.1.7.1";

/** RFC 5652, 3 and 5: SignedData inside ContentInfo, and the one SignerInfo in it. */
function signedData(bytes: Uint8Array): CmsSignature {
	const [type, content] = fieldsOf(readDer(bytes), tag.sequence, 2);
	if (readOid(type) !== idSignedData) throw new NotCms("is CMS, but no signature");
	const all = readAll(contentOf(readDer(contentOf(content, tag.constructed(0))), tag.sequence));
	const [version, algorithms, encapsulated, ...rest] = all;
	const inside = readAll(contentOf(encapsulated, tag.sequence));
	if (readOid(inside[0]) !== idData) throw new NotCms("is over content of another type than id-data");
	if (inside.length > 2) throw new NotCms("has two contents");
	if (inside.length > 1) contentOf(readDer(contentOf(inside[1], tag.constructed(0))), tag.octetString);
	const embedded = rest[0]?.tag === tag.constructed(0) ? rest.shift() : undefined;
	const certificates = embedded ? readAll(embedded.content) : [];
	for (const certificate of certificates) contentOf(certificate, tag.sequence);
	if (rest[0]?.tag === tag.constructed(1)) throw new NotCms("has revocation lists inside");
	const signers = readAll(contentOf(rest[0], tag.set));
	if (rest.length > 1) throw new NotCms("has bytes behind its signers");
	const [signer] = signers;
	if (!signer || signers.length > 1) throw new NotCms(`has ${signers.length} signers instead of one`);
	const read = signerInfo(signer);
	// The versions say how the signer is named: RFC 5652, 5.1 and 5.3.
	const expected = read.keyId === undefined ? 1 : 3;
	for (const [what, found] of [
		["the message", smallNumber(version)],
		["its signer", read.version],
	] as const)
		if (found !== expected)
			throw new NotCms(`says version ${found} of ${what}, expected ${expected} for how it names its signer`);
	const named = readAll(contentOf(algorithms, tag.set)).map((each) => digestName(readAlgorithm(each)));
	if (named.length !== 1 || named[0] !== read.digest)
		throw new NotCms(
			`announces the digests ${JSON.stringify(named.join(", "))}, but its signer used ${read.digest}`,
		);
	const { version: _, ...fields } = read;
	return { ...fields, attached: inside.length > 1, certificates: certificates.map(({ bytes }) => bytes) };
}

function signerInfo(signer: Der): Omit<CmsSignature, "attached" | "certificates"> & { version: number } {
	const [version, id, digest, ...rest] = readAll(contentOf(signer, tag.sequence));
	const attributes = rest[0]?.tag === tag.constructed(0);
	const [signatureAlgorithm, signature, ...others] = attributes ? rest.slice(1) : rest;
	if (others.length > 0) throw new NotCms("has attributes that are not signed");
	const byKeyId = id?.tag === tag.primitive(0);
	if (!byKeyId) fieldsOf(id, tag.sequence, 2);
	return {
		version: smallNumber(version),
		digest: digestName(readAlgorithm(digest)),
		...(byKeyId ? { keyId: Buffer.from(id.content).toString("hex") } : {}),
		attributes,
		algorithm: readAlgorithm(signatureAlgorithm),
		signature: contentOf(signature, tag.octetString),
	};
}

/** What a value of this tag holds: that many values. @throws NotDer */
function fieldsOf(value: Der | undefined, wanted: number, count: number): Der[] {
	const fields = readAll(contentOf(value, wanted));
	if (fields.length !== count) throw new NotDer(`has ${fields.length} fields instead of ${count}`);
	return fields;
}

/** An INTEGER of one byte. @throws NotDer */
function smallNumber(value: Der | undefined): number {
	const content = contentOf(value, tag.integer);
	if (content.length !== 1) throw new NotDer("is not a small number");
	return content[0]!;
}

/** @throws NotCms for parameters other than NULL: the algorithms that kernels take have none */
function readAlgorithm(value: Der | undefined): Algorithm {
	const [identifier, parameters, ...others] = readAll(contentOf(value, tag.sequence));
	const oid = readOid(identifier);
	if (parameters === undefined) return { oid, parameters: "absent" };
	if (parameters.tag !== tag.null || parameters.content.length > 0 || others.length > 0)
		throw new NotCms(`has parameters of the algorithm ${oid} that are not NULL`);
	return { oid, parameters: "null" };
}

/** RFC 5754, 2: a digest's parameters are absent or NULL, which means the same. */
const digestName = ({ oid }: Algorithm) => digests[oid] ?? oid;

/** Signature algorithms of SHA-256, by the type of key: RFC 3370, 3.2; RFC 5753, 2.1.1. */
export const signatureAlgorithms: Record<string, Algorithm> = {
	rsa: { oid: "1.2.840.113549.1.1.1", parameters: "null" },
	ec: { oid: "1.2.840.10045.4.3.2", parameters: "absent" },
};

/**
 * Why this certificate's key did not make a signature over these bytes in the form that kernels
 * take; undefined when it is one. No bit of it can be changed: each field has one value. Says
 * nothing of the certificate's dates or usage (`unfit`).
 */
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
	if (read.attributes) return "the signature is over attributes, and only through them over the content";
	if (read.digest !== "sha256") return `the signature is made with ${read.digest}, not with sha256`;
	if (read.keyId === undefined) return "the signature does not name its key by subject key identifier";
	if (read.keyId !== certificate.keyId)
		return `the signature is by key ${read.keyId}, the certificate is of key ${certificate.keyId}`;
	const { oid, parameters } = read.algorithm;
	const fitting = signatureAlgorithms[certificate.node.publicKey.asymmetricKeyType ?? ""];
	if (oid !== fitting?.oid || parameters !== fitting.parameters)
		return (
			`the signature says algorithm ${oid} with parameters ${parameters}, ` +
			`which does not fit the key (${certificate.key}) and sha256`
		);
	if (read.certificates.some((embedded) => Buffer.compare(embedded, certificate.der) !== 0))
		return "the signature has a certificate inside that is not its signer's";
	if (read.certificates.length > 1) return "the signature has its certificate inside more than once";
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
