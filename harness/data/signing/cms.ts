// SPDX-License-Identifier: Apache-2.0

import { type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { InputError } from "../../base/errors.js";
import { undecided } from "../reasons/registry/registry.js";
import type { Certificate } from "./certificate.js";
import { idData, idSignedData, signatureAlgorithms } from "./cms-read.js";
import { der, oid, tag } from "./der.js";
import { keyName, keyObject, type SigningKey } from "./key.js";
import { openssl, opensslReason } from "./openssl.js";

const sha256 = der(tag.sequence, oid("2.16.840.1.101.3.4.2.1"));
/** In a thread of its own: a signature of RSA takes milliseconds. */
const signInThread = promisify(sign);
const version3 = der(tag.integer, Uint8Array.of(3));

/**
 * Signs as `openssl cms -sign -binary -noattr -nocerts -keyid -md sha256`, without its start-up
 * time.
 * @param name of the key, for messages
 * @throws InputError when the key is not the certificate's, or of a kind that cannot sign so
 */
async function signHere(
	bytes: Uint8Array,
	key: KeyObject,
	name: string,
	certificate: Certificate,
): Promise<Uint8Array> {
	if (!certificate.node.checkPrivateKey(key))
		throw new InputError(name, "", `does not belong to the certificate of ${certificate.subject}`);
	const algorithm = signatureAlgorithms[key.asymmetricKeyType ?? ""];
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
		der(tag.sequence, oid(algorithm.oid), ...(algorithm.parameters === "null" ? [der(tag.null)] : [])),
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

/** How a signature departs from what kernels and bpfgate want; only attacks and tests set these. */
export interface SignOptions {
	/** As `openssl dgst -list` calls it. Default: sha256. */
	digest?: string;
	attached?: boolean;
	/** With signed attributes (content type, time, digest). */
	attributes?: boolean;
	certificates?: boolean;
	/** Names the signer by issuer and serial number instead of by key id. */
	issuerAndSerial?: boolean;
}

const passphraseVariable = "BPFGATE_KEY_PASSPHRASE";

/**
 * A CMS signature (RFC 5652, DER) as kernels take it: detached, SHA-256, no attributes, no
 * certificates, by subject key identifier. `openssl` makes it for keys in tokens and other forms.
 * @throws InputError for a key that is not the certificate's or not usable, or without openssl
 */
export async function signDetached(
	bytes: Uint8Array,
	key: SigningKey,
	certificate: Certificate,
	options: SignOptions = {},
): Promise<Uint8Array> {
	const object = keyObject(key);
	if (object && Object.keys(options).length === 0 && certificate.keyId !== "")
		return signHere(bytes, object, keyName(key), certificate);
	const pem = Buffer.from(certificate.pem);
	const held = key.kind === "memory" ? [pem, Buffer.from(key.pem)] : [pem];
	const passphrase = "passphrase" in key ? key.passphrase : undefined;
	const { ok, stdout, stderr } = await openssl(
		[
			...["cms", "-sign", "-binary", "-outform", "DER", "-signer", "/dev/fd/6"],
			...keyArguments(key),
			...(passphrase === undefined ? [] : ["-passin", `env:${passphraseVariable}`]),
			...["-md", options.digest ?? "sha256"],
			...(options.attached ? ["-nodetach"] : []),
			...(options.attributes ? ["-nosmimecap"] : ["-noattr"]),
			...(options.certificates ? [] : ["-nocerts"]),
			...(options.issuerAndSerial ? [] : ["-keyid"]),
		],
		bytes,
		held,
		passphrase === undefined ? {} : { [passphraseVariable]: passphrase },
	);
	if (ok && stdout.length > 0) return stdout;
	throw refusal(stderr, key, certificate);
}

function keyArguments(key: SigningKey): string[] {
	switch (key.kind) {
		case "memory":
			return ["-inkey", "/dev/fd/7"];
		case "file":
			return ["-inkey", key.path];
		case "pkcs11":
			return key.by === "engine"
				? ["-engine", "pkcs11", "-keyform", "ENGINE", "-inkey", key.uri]
				: ["-provider", "pkcs11", "-provider", "default", "-inkey", key.uri];
	}
}

function refusal(stderr: string, key: SigningKey, certificate: Certificate): Error {
	const name = keyName(key);
	const fail = (reason: string) => new InputError(name, "", reason);
	if (/private key does not match certificate|key values mismatch|key type mismatch/i.test(stderr))
		return fail(`does not belong to the certificate of ${certificate.subject}`);
	if (/no default digest|operation not supported for this keytype/.test(stderr))
		return fail(
			`is ${certificate.key}, with which openssl makes no CMS signature without attributes, the only kind that kernels take; use RSA or ECDSA`,
		);
	if (key.kind === "pkcs11")
		return fail(
			`cannot be used: ${opensslReason(stderr)}; check the URI, the PIN (--passphrase) and which module ${key.by === "engine" ? "PKCS11_MODULE_PATH" : "PKCS11_PROVIDER_MODULE"} names`,
		);
	if (/Could not read|unable to load|bad decrypt/i.test(stderr)) return fail("cannot be read by openssl");
	return undecided("openssl-failed", { command: "cms", why: opensslReason(stderr) });
}
