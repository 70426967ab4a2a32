// SPDX-License-Identifier: Apache-2.0

import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { Type } from "@sinclair/typebox";
import { InputError } from "../../base/errors.js";
import { validator } from "../../base/validate.js";
import { jsonValue } from "../package/manifest/json-text.js";
import { signaturesFolder } from "../package/manifest/load-manifest.js";
import type { Package, PackageFile } from "../package/package.js";
import { readCertificate } from "./certificate.js";

/** Where signatures of OCI artifacts stand in a package. */
export const cosignFolder = `${signaturesFolder}/cosign/`;
const maxFileBytes = 1024 * 1024;

const Digest = Type.String({ pattern: "^sha256:[0-9a-f]{64}$" });
/** cosign's "simple signing": containers-signature(5) of another `type`; `optional` is free. */
const Payload = Type.Object({
	critical: Type.Object({
		identity: Type.Object({ "docker-reference": Type.String({ maxLength: 4096 }) }),
		image: Type.Object({ "docker-manifest-digest": Digest }),
		type: Type.Literal("cosign container image signature"),
	}),
});
/** Of an OCI image manifest (image-spec, manifest.md), what names the artifact's content. */
const ImageManifest = Type.Object({
	layers: Type.Array(Type.Object({ digest: Type.String({ maxLength: 256 }) }), { maxItems: 4096 }),
});
const payloads = validator(Payload);
const imageManifests = validator(ImageManifest);

/** What one cosign signature is worth; no registry or transparency log was asked. */
export interface CosignVerdict {
	/** Path of the payload in the package. */
	file: string;
	/** Paths of the files that it consists of. */
	files: string[];
	/** Registry and repository, as the signer said; may be empty. */
	reference: string;
	/** Of the artifact's manifest: `sha256:…`. */
	digest: string;
	/** SHA-256 of the public key (SubjectPublicKeyInfo), lower-case hexadecimal. */
	key: string;
	/** Subject or names of the key's certificate; its issuer was not checked. */
	certificate?: string;
	/** What is wrong; absent when the key signed the payload and it names the manifest, if any. */
	reason?: string;
	/** Objects that are layers of the artifact; absent without the manifest, which names them. */
	objects?: string[];
}

/**
 * Verifies a package's cosign signatures: payload `NAME.json`, signature `NAME.sig` (base64), key
 * `NAME.pub`, `cosign.pub` or certificate `NAME.pem`, the artifact's manifest `NAME.manifest` if
 * any. Objects can be layers of the artifact; the archive that has the signature cannot.
 * @throws InputError when a file is missing or of another form
 */
export function readCosign(pkg: Package): CosignVerdict[] {
	const files = new Map(pkg.signatures.map((file) => [file.file, file]));
	const payloadFiles = pkg.signatures.filter(
		({ file }) => file.startsWith(cosignFolder) && file.endsWith(".json"),
	);
	return payloadFiles.map((payload) => {
		const stem = payload.file.slice(0, -".json".length);
		const signature = files.get(`${stem}.sig`);
		if (!signature)
			throw new InputError(payload.display, "", "comes without its signature, a file .sig beside it");
		const holder =
			files.get(`${stem}.pub`) ?? files.get(`${stem}.pem`) ?? files.get(`${cosignFolder}cosign.pub`);
		if (!holder)
			throw new InputError(payload.display, "", "comes without a key: .pub or .pem beside it, or cosign.pub");
		const { identity, image } = payloads.checked(parse(payload), payload.display).critical;
		const digest = image["docker-manifest-digest"];
		const { publicKey, certificate } = readPublicKey(holder);
		const manifest = files.get(`${stem}.manifest`);
		const wrong =
			wrongCosign(payload.bytes, signature.bytes, publicKey) ??
			(manifest && `sha256:${sha256(manifest.bytes)}` !== digest
				? `is over another manifest than ${manifest.file}`
				: undefined);
		return {
			file: payload.file,
			files: [payload, signature, holder, ...(manifest ? [manifest] : [])].map(({ file }) => file),
			reference: identity["docker-reference"],
			digest,
			key: sha256(publicKey.export({ type: "spki", format: "der" })),
			...(certificate === undefined ? {} : { certificate }),
			...(wrong === undefined ? {} : { reason: wrong }),
			...(manifest && wrong === undefined ? { objects: objectsIn(manifest, pkg) } : {}),
		};
	});
}

/** Why this key did not make a signature over a payload; undefined when it did. */
function wrongCosign(payload: Uint8Array, signature: Uint8Array, key: KeyObject): string | undefined {
	const type = key.asymmetricKeyType;
	if (type !== "ec" && type !== "rsa")
		return `its key is ${type}; signatures of ECDSA and RSA keys over SHA-256 are verified`;
	const text = Buffer.from(signature).toString("latin1").trim();
	const canonical = Buffer.from(text, "base64");
	if (text === "" || canonical.toString("base64") !== text) return "its signature is not in base64";
	return verify("sha256", payload, key, canonical)
		? undefined
		: "its signature does not match: the payload was changed, or another key made it";
}

/** One block of PEM with nothing around it: the file is no place for anything else. */
const pemBlock = /^\s*-----BEGIN ([A-Z ]+)-----\n[A-Za-z0-9+/=\s]+-----END \1-----\s*$/;

function readPublicKey(holder: PackageFile): { publicKey: KeyObject; certificate?: string } {
	const { display, bytes } = bounded(holder);
	const pem = Buffer.from(bytes).toString("latin1");
	if (!pemBlock.test(pem))
		throw new InputError(display, "", "is not a public key in PEM form and nothing else");
	if (holder.file.endsWith(".pem")) {
		const { node, subject } = readCertificate(display, bytes);
		return { publicKey: node.publicKey, certificate: subject || (node.subjectAltName ?? "") };
	}
	try {
		if (pem.includes("PRIVATE KEY")) throw new Error("a private key");
		return { publicKey: createPublicKey(pem) };
	} catch {
		throw new InputError(display, "", "is not a public key in PEM form");
	}
}

function objectsIn(file: PackageFile, pkg: Package): string[] {
	const { layers: listed } = imageManifests.checked(parse(file), file.display);
	const layers = new Set(listed.map(({ digest }) => digest));
	return pkg.objects.filter(({ bytes }) => layers.has(`sha256:${sha256(bytes)}`)).map(({ file }) => file);
}

function parse(file: PackageFile): unknown {
	const { display, bytes } = bounded(file);
	let text: string;
	try {
		text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (cause) {
		throw new InputError(display, "", "is not UTF-8 text", { cause });
	}
	return jsonValue(display, text);
}

function bounded(file: PackageFile): PackageFile {
	if (file.bytes.length > maxFileBytes)
		throw new InputError(
			file.display,
			"",
			`has ${file.bytes.length} bytes, more than the ${maxFileBytes} that are read`,
		);
	return file;
}

function sha256(bytes: Uint8Array): string {
	return createHash("sha256").update(bytes).digest("hex");
}
