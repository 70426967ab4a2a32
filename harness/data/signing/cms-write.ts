// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { InputError } from "../../base/errors.js";
import type { Certificate } from "./certificate.js";
import { der, oid, tag } from "./der.js";

const idSignedData = "1.2.840.113549.1.7.2";
const idData = "1.2.840.113549.1.7.1";
const sha256 = der(tag.sequence, oid("2.16.840.1.101.3.4.2.1"));
/** Signature algorithms by the type of key, as OpenSSL writes them. */
const algorithms: Record<string, Uint8Array> = {
	rsa: der(tag.sequence, oid("1.2.840.113549.1.1.1"), der(tag.null)),
	ec: der(tag.sequence, oid("1.2.840.10045.4.3.2")),
};
/** In a thread of its own: a signature of RSA takes milliseconds. */
const signInThread = promisify(sign);
const version3 = der(tag.integer, Uint8Array.of(3));

/**
 * The signature that kernels take, made here: the same bytes as `openssl cms -sign -binary -noattr
 * -nocerts -keyid -md sha256` makes (with RSA; ECDSA never gives the same twice), in a fraction of
 * the time that starting openssl takes.
 *
 * @param name of the key, for messages
 * @throws InputError when the key is not the certificate's, or of a kind that cannot sign so
 */
export async function signHere(
	bytes: Uint8Array,
	key: KeyObject,
	name: string,
	certificate: Certificate,
): Promise<Uint8Array> {
	if (!certificate.node.checkPrivateKey(key))
		throw new InputError(name, "", `does not belong to the certificate of ${certificate.subject}`);
	const algorithm = algorithms[key.asymmetricKeyType ?? ""];
	if (!algorithm)
		throw new InputError(
			name,
			"",
			`is ${certificate.key}; kernels take CMS signatures of RSA and ECDSA keys`,
		);
	const signer = der(
		tag.sequence,
		version3,
		der(tag.primitive(0), Buffer.from(certificate.keyId, "hex")),
		sha256,
		algorithm,
		der(tag.octetString, await signInThread("sha256", bytes, key)),
	);
	const signed = der(
		tag.sequence,
		version3,
		der(tag.set, sha256),
		der(tag.sequence, oid(idData)),
		der(tag.set, signer),
	);
	return der(tag.sequence, oid(idSignedData), der(tag.constructed(0), signed));
}
