// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { InputError, systemReason } from "../../base/errors.js";
import { openssl } from "./openssl.js";

const maxKeyBytes = 64 * 1024;
/** Milliseconds between two looks at a pipe. */
const pipePause = 20;

/** A private key; one in memory reaches openssl by a pipe and is never written to a file. */
export type SigningKey =
	| { kind: "file"; path: string; object: KeyObject; passphrase?: string }
	| { kind: "pkcs11"; uri: string; by: "provider" | "engine"; passphrase?: string }
	| { kind: "memory"; pem: string };

/**
 * A PEM file, or a `pkcs11:` URI (RFC 7512). @param passphrase of the file, or the token's PIN
 * @throws InputError for no private key, a wrong passphrase, or an openssl that reaches no tokens
 */
export async function openKey(name: string, passphrase?: string): Promise<SigningKey> {
	const secret = passphrase === undefined ? {} : { passphrase };
	if (name.startsWith("pkcs11:")) return { kind: "pkcs11", uri: name, by: await reachToken(), ...secret };
	const pem = await readKey(name);
	if (!pem.includes("PRIVATE KEY-----")) throw new InputError(name, "", "is not a private key in PEM form");
	const encrypted = /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(pem);
	if (encrypted && passphrase === undefined)
		throw new InputError(name, "", "is encrypted; give its passphrase with --passphrase");
	try {
		const object = createPrivateKey({ key: pem, ...secret });
		return { kind: "file", path: name, object, ...secret };
	} catch {
		// Without the cause: what a crypto library says of a key is not for a log.
		throw new InputError(
			name,
			"",
			encrypted
				? "is encrypted, and the passphrase does not open it"
				: "is not a private key that openssl reads",
		);
	}
}

/** OpenSSL 3 reaches keys in tokens by provider `pkcs11`, older set-ups by that engine. */
async function reachToken(): Promise<"provider" | "engine"> {
	const none = new Uint8Array();
	if ((await openssl(["list", "-providers", "-provider", "pkcs11"], none)).ok) return "provider";
	if ((await openssl(["engine", "pkcs11"], none)).ok) return "engine";
	throw new InputError(
		"the PKCS#11 key",
		"",
		"is out of reach for openssl; install its pkcs11 provider (pkcs11-provider) or engine (libengine-pkcs11-openssl)",
	);
}

/** The key, unless it is in a token, which never gives it away. */
export function keyObject(key: SigningKey): KeyObject | undefined {
	if (key.kind === "pkcs11") return undefined;
	return key.kind === "file" ? key.object : createPrivateKey(key.pem);
}

/** A file, or a pipe from what keeps the key: `--key <(pass show bpf)`. */
async function readKey(path: string): Promise<string> {
	try {
		// A process that waits in the kernel for a pipe's other end cannot be interrupted.
		const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
		try {
			const bytes = Buffer.alloc(maxKeyBytes + 1);
			let size = 0;
			for (let got = -1; got !== 0 && size < bytes.length; size += Math.max(got, 0)) {
				got = await readSome(handle, bytes.subarray(size));
				if (got < 0) await setTimeout(pipePause);
			}
			if (size > maxKeyBytes)
				throw new InputError(path, "", `has more than ${maxKeyBytes} bytes, too many for a private key`);
			return bytes.toString("latin1", 0, size);
		} finally {
			await handle.close();
		}
	} catch (cause) {
		if (cause instanceof InputError) throw cause;
		throw new InputError(path, "", `cannot be read: ${systemReason(cause)}`);
	}
}

/** Bytes read; 0 at the end, -1 when a pipe has none yet. */
async function readSome(handle: FileHandle, bytes: Buffer): Promise<number> {
	try {
		return (await handle.read(bytes)).bytesRead;
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === "EAGAIN") return -1;
		throw cause;
	}
}

/** As messages call it. */
export function keyName(key: SigningKey): string {
	if (key.kind === "memory") return "the key";
	return key.kind === "file" ? key.path : "the PKCS#11 key";
}
